using System.CommandLine;
using Sightline.Cli.Output;

namespace Sightline.Cli;

/// <summary>A command of the program: what its help says, its options, and what runs.</summary>
internal sealed class Verb(string name, string description) : Command(name, description)
{
    /// <summary>Printed after the list of options: examples, and what does not fit an option's line.</summary>
    public required string Notes { get; init; }

    /// <summary>Gives the verb what it runs.</summary>
    /// <param name="run">Takes the parsed options and the terminal, and gives an exit code.</param>
    public void Run(Func<ParseResult, Terminal, CancellationToken, Task<int>> run) =>
        SetAction((result, cancellationToken) => run(result, Terminal.Current, cancellationToken));

    /// <inheritdoc cref="Run(Func{ParseResult, Terminal, CancellationToken, Task{int}})"/>
    public void Run(Func<ParseResult, Terminal, CancellationToken, int> run) =>
        Run((result, terminal, cancellationToken) => Task.FromResult(run(result, terminal, cancellationToken)));
}
