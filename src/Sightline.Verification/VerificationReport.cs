using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Sightline.Verification;

/// <summary>Verdicts on golden files as lines, and their totals: the same words in every program that verifies.</summary>
/// <param name="json">One JSON object a line instead of plain text.</param>
public sealed class VerificationReport(bool json)
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly (FixtureOutcome Outcome, string Name, string Key)[] s_outcomes =
    [
        (FixtureOutcome.Pass, "pass", "pass"), (FixtureOutcome.Fail, "fail", "fail"),
        (FixtureOutcome.Skipped, "skipped", "skipped"), (FixtureOutcome.NotPresent, "not present", "not_present"),
    ];

    private readonly Dictionary<FixtureOutcome, int> _counts = [];

    /// <summary>Whether something was judged and nothing failed.</summary>
    public bool HasPassed => Count(FixtureOutcome.Fail) == 0 && Count(FixtureOutcome.Pass) > 0;

    /// <summary>Whether no file could be judged.</summary>
    public bool IsEmpty => Count(FixtureOutcome.Pass) + Count(FixtureOutcome.Fail) == 0;

    /// <summary>Counts a verdict.</summary>
    /// <returns>Its line, without the end.</returns>
    public string Add(FixtureResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        _counts[result.Outcome] = Count(result.Outcome) + 1;
        var (_, name, key) = s_outcomes.Single(candidate => candidate.Outcome == result.Outcome);
        if (json)
        {
            return Line(writer =>
            {
                writer.WriteString("kind", result.Kind);
                writer.WriteString("file", result.File);
                writer.WriteString("outcome", key);
                WriteDifference(writer, result.LargestDifference);
                writer.WriteString("tolerance", result.Tolerance);
                writer.WriteString("detail", result.Detail);
            });
        }

        var measured = result.LargestDifference is { } largest
            ? string.Create(CultureInfo.InvariantCulture, $"largest difference {largest:G3}, tolerance {result.Tolerance}; ")
            : "";
        return $"{name}\t{result.File}\t{measured}{result.Detail}";
    }

    /// <summary>How many files had which verdict, as a line without the end.</summary>
    public string Totals() => json
        ? Line(writer =>
        {
            writer.WriteStartObject("totals");
            foreach (var (outcome, _, key) in s_outcomes)
                writer.WriteNumber(key, Count(outcome));
            writer.WriteEndObject();
        })
        : string.Join(", ", s_outcomes.Select(candidate => $"{Count(candidate.Outcome)} {candidate.Name}"));

    private int Count(FixtureOutcome outcome) => _counts.GetValueOrDefault(outcome);

    // JSON has no number for what is not finite.
    private static void WriteDifference(Utf8JsonWriter writer, double? difference)
    {
        if (difference is not { } value)
            writer.WriteNull("largest_difference");
        else if (double.IsFinite(value))
            writer.WriteNumber("largest_difference", value);
        else
            writer.WriteString("largest_difference", double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    }

    private static string Line(Action<Utf8JsonWriter> writeMembers)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, s_options))
        {
            writer.WriteStartObject();
            writeMembers(writer);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }
}
