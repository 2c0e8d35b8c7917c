using Sightline.Verification;

namespace Sightline.Cli.Output;

/// <summary>Prints verdicts on golden files as they come, and counts them.</summary>
internal sealed class VerificationPrinter(Terminal terminal, bool json)
{
    private readonly VerificationReport _report = new(json);

    /// <summary>Whether something was judged and nothing failed.</summary>
    public bool HasPassed => _report.HasPassed;

    /// <summary>Prints the verdict on one file.</summary>
    public void Print(FixtureResult result) => terminal.WriteLine(_report.Add(result));

    /// <summary>Prints how many files had which verdict.</summary>
    public void PrintTotals()
    {
        terminal.WriteLine(_report.Totals());
        if (_report.IsEmpty)
            terminal.WriteError("sightline: nothing could be judged: the folder holds no golden file of a kind that this command runs.");
    }
}
