using Sightline.Cli.IO;
using Sightline.IO;

namespace Sightline.Cli.Sharding;

/// <summary>The results of one part so far, in a file that outlives the run.</summary>
internal sealed class ShardJournal : IDisposable
{
    private readonly Dictionary<string, (LinePlace Place, bool IsError)> _results = new(StringComparer.Ordinal);
    private readonly LineJournal _lines;

    /// <summary>Opens the file with what it holds, or begins a new one.</summary>
    /// <inheritdoc cref="LineJournal.Open"/>
    public ShardJournal(string path, string settings) =>
        _lines = LineJournal.Open(path, settings, (entry, place) => _results[entry["id"]!.GetValue<string>()] = (place, entry.ContainsKey("error")));

    /// <summary>Whether there is a result, and whether it is an error.</summary>
    public bool TryGet(string id, out bool isError)
    {
        var found = _results.TryGetValue(id, out var result);
        isError = result.IsError;
        return found;
    }

    /// <summary>Adds a result; it is in the file when this returns. A later one of a picture takes the place of an earlier one.</summary>
    public void Add(string id, string line, bool isError) => _results[id] = (_lines.Add(line), isError);

    /// <summary>Writes the results of these pictures, in their order, by a temporary file and a rename.</summary>
    public void Save(string path, IReadOnlyList<string> ids) => AtomicFile.Write(path, stream => _lines.CopyTo(stream, ids.Select(id => _results[id].Place)));

    /// <summary>Closes and removes the file.</summary>
    public void Delete() => _lines.Delete();

    public void Dispose() => _lines.Dispose();
}
