using System.CommandLine;
using Sightline.Cli.Output;
using Sightline.Verification;

namespace Sightline.Cli.Commands;

/// <summary><c>sightline verify</c>: golden files of the reference against this build on this processor.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("DIR") { Description = "A folder with golden files, laid out as tests/Fixtures of Sightline's repository." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object for each file, and one with the totals." };
        var verb = new Verb("verify", "Prove that this build computes what Hugging Face Transformers computes, on this computer.")
        {
            Notes = """
                Examples:
                  sightline verify tests/Fixtures
                  sightline verify tests/Fixtures --json > verification.jsonl

                One line for each golden file: pass, fail, skipped (a kind this command does not run) or not present; the file; the
                largest difference; the tolerance the file allows. The exit code is 1 if a file fails or none could be judged.
                """,
        };
        verb.Add(folder);
        verb.Add(json);
        verb.Run((result, terminal, cancellationToken) =>
        {
            var printer = new VerificationPrinter(terminal, result.GetValue(json));
            foreach (var outcome in new FixtureVerifier(StandardKinds.All).Run(result.GetRequiredValue(folder)))
            {
                printer.Print(outcome);
                cancellationToken.ThrowIfCancellationRequested();
            }

            printer.PrintTotals();
            return printer.HasPassed ? ExitCode.Done : ExitCode.Failed;
        });
        return verb;
    }
}
