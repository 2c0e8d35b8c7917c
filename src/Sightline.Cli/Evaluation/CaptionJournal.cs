using Sightline.Cli.IO;
using Sightline.Cli.Output;

namespace Sightline.Cli.Evaluation;

/// <summary>The captions of an annotated set made so far, in a file that outlives an interrupted run.</summary>
internal sealed class CaptionJournal : IDisposable
{
    private readonly Dictionary<long, string> _captions = [];
    private readonly LineJournal _lines;

    /// <summary>Opens the file with what it holds, or begins a new one.</summary>
    /// <inheritdoc cref="LineJournal.Open"/>
    public CaptionJournal(string path, string settings) =>
        _lines = LineJournal.Open(path, settings, (entry, _) => _captions[entry["image_id"]!.GetValue<long>()] = entry["caption"]!.GetValue<string>());

    /// <summary>The file.</summary>
    public string Path => _lines.Path;

    /// <summary>The captions by image id.</summary>
    public IReadOnlyDictionary<long, string> Captions => _captions;

    /// <summary>Adds a caption; it is in the file when this returns.</summary>
    public void Add(long id, string caption)
    {
        _lines.Add(JsonLine.Create(writer =>
        {
            writer.WriteNumber("image_id", id);
            writer.WriteString("caption", caption);
        }));
        _captions[id] = caption;
    }

    /// <summary>Closes and removes the file.</summary>
    public void Delete() => _lines.Delete();

    public void Dispose() => _lines.Dispose();
}
