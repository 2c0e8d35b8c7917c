using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sightline.Cli.Output;

namespace Sightline.Cli.Evaluation;

/// <summary>
/// The captions made so far, a line of JSON each, in a file that outlives an interrupted run. The first line says with which settings they were made.
/// A line that the end of a run cut off is dropped. Only one run at a time has the file open.
/// </summary>
internal sealed class CaptionJournal : IDisposable
{
    private const long MostBytes = 1L << 30;
    private const string SettingsKey = "settings";

    private readonly FileStream _stream;
    private readonly Dictionary<long, string> _captions = [];

    private CaptionJournal(string path, FileStream stream)
    {
        Path = path;
        _stream = stream;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The captions by image id.</summary>
    public IReadOnlyDictionary<long, string> Captions => _captions;

    /// <summary>Opens the file with what it holds, or begins a new one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="settings">A text that differs where captions of two runs do not belong together.</param>
    /// <exception cref="ConfigurationException">The file cannot be used, is damaged, or was made with other settings.</exception>
    public static CaptionJournal Open(string path, string settings)
    {
        CaptionJournal? journal = null;
        try
        {
            journal = new CaptionJournal(path, new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            journal.Read(settings);
            return journal;
        }
        catch (Exception e)
        {
            journal?.Dispose();
            if (e is IOException or UnauthorizedAccessException)
                throw new ConfigurationException($"{path}: cannot be opened ({e.Message}). Does another run write it?", e);
            throw;
        }
    }

    /// <summary>Adds a caption; it is in the file when this returns.</summary>
    public void Add(long id, string caption)
    {
        Write(JsonLine.Create(writer =>
        {
            writer.WriteNumber("image_id", id);
            writer.WriteString("caption", caption);
        }));
        _captions[id] = caption;
    }

    /// <summary>Closes and removes the file.</summary>
    public void Delete()
    {
        Dispose();
        File.Delete(Path);
    }

    public void Dispose() => _stream.Dispose();

    private void Read(string settings)
    {
        if (_stream.Length > MostBytes)
            throw new ConfigurationException($"{Path}: {_stream.Length} bytes; at most {MostBytes} are read. Is this the right file?");
        var bytes = new byte[_stream.Length];
        _stream.ReadExactly(bytes);
        var end = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
        _stream.SetLength(end);
        if (end == 0)
        {
            Write(JsonLine.Create(writer => writer.WriteString(SettingsKey, settings)));
            return;
        }

        var lines = Encoding.UTF8.GetString(bytes, 0, end - 1).Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (!TryRead(lines[i], i == 0, settings))
                throw new ConfigurationException($"{Path}: line {i + 1} is damaged; delete the file to caption every picture again.");
        }
    }

    private bool TryRead(string line, bool isFirst, string settings)
    {
        try
        {
            if (JsonNode.Parse(line) is not JsonObject entry)
                return false;
            if (!isFirst)
            {
                _captions[entry["image_id"]!.GetValue<long>()] = entry["caption"]!.GetValue<string>();
                return true;
            }

            if (entry[SettingsKey]!.GetValue<string>() != settings)
                throw new ConfigurationException($"{Path}: begun with another model or other settings; delete it to caption every picture again, or name another --out.");
            return true;
        }
        catch (Exception e) when (e is JsonException or NullReferenceException or InvalidOperationException or FormatException or ArgumentException)
        {
            return false;
        }
    }

    private void Write(string line)
    {
        _stream.Write(Encoding.UTF8.GetBytes(line + "\n"));
        _stream.Flush();
    }
}
