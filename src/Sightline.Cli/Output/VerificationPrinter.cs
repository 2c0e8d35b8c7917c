using System.Globalization;
using Sightline.Verification;

namespace Sightline.Cli.Output;

/// <summary>Prints verdicts on golden files as they come, and counts them.</summary>
internal sealed class VerificationPrinter(Terminal terminal, bool json)
{
    private static readonly (FixtureOutcome Outcome, string Name, string Key)[] s_outcomes =
    [
        (FixtureOutcome.Pass, "pass", "pass"), (FixtureOutcome.Fail, "fail", "fail"),
        (FixtureOutcome.Skipped, "skipped", "skipped"), (FixtureOutcome.NotPresent, "not present", "not_present"),
    ];

    private readonly Dictionary<FixtureOutcome, int> _counts = [];

    /// <summary>Whether something was judged and nothing failed.</summary>
    public bool HasPassed => Count(FixtureOutcome.Fail) == 0 && Count(FixtureOutcome.Pass) > 0;

    /// <summary>Prints the verdict on one file.</summary>
    public void Print(FixtureResult result)
    {
        _counts[result.Outcome] = Count(result.Outcome) + 1;
        var (_, name, key) = s_outcomes.Single(candidate => candidate.Outcome == result.Outcome);
        if (json)
        {
            terminal.WriteLine(JsonLine.Create(writer =>
            {
                writer.WriteString("kind", result.Kind);
                writer.WriteString("file", result.File);
                writer.WriteString("outcome", key);
                if (result.LargestDifference is { } difference)
                    writer.WriteFinite("largest_difference", difference);
                else
                    writer.WriteNull("largest_difference");
                writer.WriteString("tolerance", result.Tolerance);
                writer.WriteString("detail", result.Detail);
            }));
            return;
        }

        var measured = result.LargestDifference is { } largest
            ? string.Create(CultureInfo.InvariantCulture, $"largest difference {largest:G3}, tolerance {result.Tolerance}; ")
            : "";
        terminal.WriteLine($"{name}\t{result.File}\t{measured}{result.Detail}");
    }

    /// <summary>Prints how many files had which verdict.</summary>
    public void PrintTotals()
    {
        if (json)
        {
            terminal.WriteLine(JsonLine.Create(writer =>
            {
                writer.WriteStartObject("totals");
                foreach (var (outcome, _, key) in s_outcomes)
                    writer.WriteNumber(key, Count(outcome));
                writer.WriteEndObject();
            }));
        }
        else
        {
            terminal.WriteLine(string.Join(", ", s_outcomes.Select(candidate => $"{Count(candidate.Outcome)} {candidate.Name}")));
        }

        if (Count(FixtureOutcome.Pass) + Count(FixtureOutcome.Fail) == 0)
            terminal.WriteError("sightline: nothing could be judged: the folder holds no golden file of a kind that this command runs.");
    }

    private int Count(FixtureOutcome outcome) => _counts.GetValueOrDefault(outcome);
}
