using System.CommandLine;

namespace Sightline.Cli.Commands;

/// <summary><c>sightline worker</c>: starts <c>sightline-worker</c>, which carries the client of NATS.</summary>
internal static class WorkerCommand
{
    public static Command Create()
    {
        var arguments = new Argument<string[]>("options") { Description = "A verb of sightline-worker (run, submit, collect) and its options; 'sightline-worker --help' lists them.", Arity = ArgumentArity.ZeroOrMore };
        var verb = new Verb("worker", "Caption pictures from a NATS JetStream queue, with any number of workers.")
        {
            TreatUnmatchedTokensAsErrors = false, // the worker judges its options
            Notes = """
                Examples:
                  sightline worker submit photos --recursive
                  sightline worker run --model path/to/model --url nats://queue:4222 --root /data
                  sightline worker collect --wait > captions.jsonl

                This starts sightline-worker, which is installed apart: dotnet tool install sightline.worker.
                """,
        };
        verb.Add(arguments);
        verb.Run((result, _, cancellationToken) => InstalledProgram.RunAsync("sightline-worker", "Sightline.Worker", [.. result.Tokens.Skip(1).Select(token => token.Value)], cancellationToken));
        return verb;
    }
}
