using System.CommandLine;

namespace Sightline.Cli.Commands;

/// <summary><c>sightline serve</c>: starts <c>sightline-server</c>, which ships apart so that this command stays small.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var arguments = new Argument<string[]>("options") { Description = "Options of sightline-server; 'sightline-server --help' lists them.", Arity = ArgumentArity.ZeroOrMore };
        var verb = new Verb("serve", "Serve captions on this machine: a page for people, APIs for programs.")
        {
            TreatUnmatchedTokensAsErrors = false, // the server judges its options
            Notes = """
                Examples:
                  sightline serve --model path/to/model
                  sightline serve --model path/to/model --urls http://127.0.0.1:9000 --max-queue 32

                This starts sightline-server, which is installed apart: dotnet tool install sightline.server.
                """,
        };
        verb.Add(arguments);
        verb.Run((result, _, cancellationToken) => InstalledProgram.RunAsync("sightline-server", "Sightline.Server", [.. result.Tokens.Skip(1).Select(token => token.Value)], cancellationToken));
        return verb;
    }
}
