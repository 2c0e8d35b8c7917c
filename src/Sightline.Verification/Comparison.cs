using System.Globalization;

namespace Sightline.Verification;

/// <summary>Collects the comparisons of one golden file and gives the verdict.</summary>
public sealed class Comparison(string kind, string file)
{
    private readonly List<string> _failures = [];
    private readonly HashSet<string> _tolerances = [];
    private readonly List<string> _skipped = [];
    private int _compared;
    private double _largest;
    private double _worstShare = -1;
    private string _where = "";

    /// <summary>Compares values with those of the file.</summary>
    /// <param name="quantity">What is compared, for the report.</param>
    /// <param name="expected">The file's values.</param>
    /// <param name="actual">Ours.</param>
    /// <param name="tolerance">What may differ.</param>
    public void Close(string quantity, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, Tolerance tolerance)
    {
        _compared++;
        _tolerances.Add(tolerance.Text);
        if (expected.Length != actual.Length)
        {
            _failures.Add($"{quantity} has {actual.Length} values instead of {expected.Length}");
            return;
        }

        for (var i = 0; i < expected.Length; i++)
            Note(quantity, i, expected[i], actual[i], tolerance);
    }

    /// <summary>Compares one value with that of the file.</summary>
    public void Close(string quantity, double expected, double actual, Tolerance tolerance)
    {
        _compared++;
        _tolerances.Add(tolerance.Text);
        Note(quantity, 0, expected, actual, tolerance);
    }

    /// <summary>Asks for equality of whole sequences.</summary>
    public void Equal<T>(string quantity, ReadOnlySpan<T> expected, ReadOnlySpan<T> actual) where T : IEquatable<T>
    {
        _compared++;
        _tolerances.Add(Tolerance.Exact.Text);
        var index = expected.CommonPrefixLength(actual);
        if (index == expected.Length && index == actual.Length)
            return;
        _failures.Add($"{quantity}[{index}] is {Show(actual, index)} instead of {Show(expected, index)}");
        _largest = Math.Max(_largest, 1);
    }

    /// <summary>Compares texts exactly; a failure shows both from shortly before the first difference.</summary>
    public void Text(string quantity, string? expected, string? actual)
    {
        True(expected == actual, () =>
        {
            var first = (expected ?? "").AsSpan().CommonPrefixLength(actual);
            return $"{quantity} is {Part(actual, first)} instead of {Part(expected, first)}";
        });
    }

    /// <summary>Asks for a fact; <paramref name="failure"/> says what is wrong where it does not hold.</summary>
    public void True(bool holds, Func<string> failure)
    {
        _compared++;
        _tolerances.Add(Tolerance.Exact.Text);
        if (holds)
            return;
        _failures.Add(failure());
        _largest = Math.Max(_largest, 1);
    }

    /// <summary>Names a part of the file that was not judged, and why.</summary>
    public void Skip(string part) => _skipped.Add(part);

    /// <summary>The verdict: a failure, too, where nothing was compared.</summary>
    public FixtureResult Result()
    {
        var detail = new List<string>();
        if (_failures.Count > 0)
            detail.Add(string.Join("; ", _failures.Take(3)) + (_failures.Count > 3 ? $"; and {_failures.Count - 3} more" : ""));
        else if (_compared == 0)
            detail.Add("nothing was compared");
        else
            detail.Add(_where.Length > 0 ? $"{_compared} comparisons, largest at {_where}" : $"{_compared} comparisons");
        detail.AddRange(_skipped.Select(part => $"skipped: {part}"));
        var outcome = _failures.Count == 0 && _compared > 0 ? FixtureOutcome.Pass : FixtureOutcome.Fail;
        return new FixtureResult(kind, file, outcome, _compared > 0 ? _largest : null, string.Join("; ", _tolerances), string.Join("; ", detail));
    }

    private void Note(string quantity, int index, double expected, double actual, Tolerance tolerance)
    {
        if (expected.Equals(actual))
            return;
        var difference = Math.Abs(expected - actual);
        var allowed = tolerance.At(expected);
        // NaN and infinity on one side only make the difference NaN or infinite: never allowed.
        if (!(difference <= allowed) || double.IsInfinity(allowed))
        {
            if (_failures.Count == 0 || !_failures[^1].StartsWith(quantity + "[", StringComparison.Ordinal))
                _failures.Add($"{quantity}[{index}] is {Show(actual)} instead of {Show(expected)}");
            if (double.IsNaN(difference))
                difference = double.PositiveInfinity;
        }

        _largest = Math.Max(_largest, difference);
        var share = difference / Math.Max(allowed, double.Epsilon);
        if (share > _worstShare)
            (_worstShare, _where) = (share, quantity);
    }

    private static string Part(string? text, int first)
    {
        if (text is null)
            return "missing";
        var start = Math.Max(0, first - 20);
        var end = Math.Min(text.Length, first + 60);
        return $"\"{(start > 0 ? "…" : "")}{text[start..end].ReplaceLineEndings(" ")}{(end < text.Length ? "…" : "")}\"";
    }

    private static string Show(double value) => value.ToString("G9", CultureInfo.InvariantCulture);

    private static string Show<T>(ReadOnlySpan<T> values, int index) => index < values.Length ? $"{values[index]}" : "missing";
}
