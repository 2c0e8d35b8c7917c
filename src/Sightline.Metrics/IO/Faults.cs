using System.Globalization;

namespace Sightline.Metrics.IO;

/// <summary>Collects the problems of a file so that all are reported at once, the first ones in words.</summary>
internal sealed class Faults(string source)
{
    private const int Shown = 10;

    private readonly List<string> _faults = [];
    private int _count;

    public void Add(string fault)
    {
        if (_count++ < Shown)
            _faults.Add(fault);
    }

    public void Throw()
    {
        if (_count == 0)
            return;
        var more = _count > Shown ? $"; and {_count - Shown} more" : "";
        throw new MetricsException($"{source}: {_count} {(_count == 1 ? "problem" : "problems")}: {string.Join("; ", _faults)}{more}.");
    }

    /// <summary>All ids, separated by commas.</summary>
    public static string List(IEnumerable<long> ids) => string.Join(", ", ids.Select(id => id.ToString(CultureInfo.InvariantCulture)));
}
