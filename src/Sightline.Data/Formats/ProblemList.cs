namespace Sightline.Data.Formats;

/// <summary>Collects the faults of one file, so that they are reported together in one line.</summary>
internal sealed class ProblemList(string file)
{
    private const int MostListed = 5;

    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines => _lines;

    public void Add(string problem) => _lines.Add(problem);

    /// <exception cref="DatasetException">A fault was added.</exception>
    public void ThrowIfAny(string nextStep)
    {
        if (_lines.Count == 0)
            return;
        var listed = string.Join("; ", _lines.Take(MostListed));
        var more = _lines.Count > MostListed ? "; …" : "";
        throw new DatasetException($"{file}: {_lines.Count} {(_lines.Count == 1 ? "problem" : "problems")}: {listed}{more}. {nextStep}");
    }
}
