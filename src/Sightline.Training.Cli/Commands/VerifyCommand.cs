using System.CommandLine;
using Sightline.Training.Cli.Verification;
using Sightline.Training.Native;
using Sightline.Verification;

namespace Sightline.Training.Cli.Commands;

/// <summary><c>sightline-train verify</c>: golden files of the reference's training against this build on this processor.</summary>
internal static class VerifyCommand
{
    /// <summary>The kinds of golden file that training covers.</summary>
    public static IReadOnlyList<FixtureKind> Kinds { get; } = [new GradientFixtures(), new TrainingFixtures(), new DistributedFixtures(), new ModelCardFixtures()];

    public static Command Create()
    {
        var folder = new Argument<string>("DIR") { Description = "A folder with golden files, laid out as tests/Fixtures of Sightline's repository." };
        var json = new Option<bool>("--json") { Description = "One JSON object for each file, and one with the totals." };
        var command = new Command("verify", "Prove that this build trains as the Trainer of Transformers 4.17 does, on this computer.") { folder, json };
        command.SetAction((parsed, stop) =>
        {
            TorchLibrary.UsePortableArithmetic(); // the golden files come from another processor
            var report = new VerificationReport(parsed.GetValue(json));
            foreach (var result in new FixtureVerifier(Kinds).Run(parsed.GetRequiredValue(folder)))
            {
                Console.Out.WriteLine(report.Add(result));
                stop.ThrowIfCancellationRequested();
            }

            Console.Out.WriteLine(report.Totals());
            if (report.IsEmpty)
                throw new ConfigurationException($"{parsed.GetRequiredValue(folder)}: holds no golden file of a kind that this command runs.");
            return Task.FromResult(report.HasPassed ? 0 : CommandRunner.Failed);
        });
        return command;
    }
}
