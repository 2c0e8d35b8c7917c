using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sightline.Cli.Output;

namespace Sightline.Cli.IO;

/// <summary>
/// Results made so far, a line of JSON each, in a file that outlives an interrupted run. The first line says with which settings they were made.
/// A line that the end of a run cut off is dropped. Only one run at a time has the file open.
/// </summary>
internal sealed class LineJournal : IDisposable
{
    /// <summary>The longest line that is read.</summary>
    public const int MostLineBytes = 1 << 24;

    private const string SettingsKey = "settings";

    private readonly FileStream _stream;

    private LineJournal(string path, FileStream stream)
    {
        Path = path;
        _stream = stream;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Opens the file with what it holds, or begins a new one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="settings">A text that differs where results of two runs do not belong together.</param>
    /// <param name="read">Takes every line that is there: the object, and where its bytes are. What it throws of the kinds that wrong JSON gives means a damaged line.</param>
    /// <exception cref="ConfigurationException">The file cannot be used, is damaged, or was made with other settings.</exception>
    public static LineJournal Open(string path, string settings, Action<JsonObject, LinePlace> read)
    {
        LineJournal? journal = null;
        try
        {
            journal = new LineJournal(path, new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            journal.Read(settings, read);
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

    /// <summary>The first line of a file with these settings.</summary>
    public static string Header(string settings) => JsonLine.Create(writer => writer.WriteString(SettingsKey, settings));

    /// <summary>Adds a line of JSON; it is in the file when this returns.</summary>
    public LinePlace Add(string line)
    {
        var bytes = Encoding.UTF8.GetBytes(line + "\n");
        var place = new LinePlace(_stream.Position, bytes.Length);
        _stream.Write(bytes);
        _stream.Flush();
        return place;
    }

    /// <summary>Copies lines of the file.</summary>
    public void CopyTo(Stream target, IEnumerable<LinePlace> places)
    {
        var end = _stream.Position;
        var buffer = new byte[1 << 12];
        foreach (var place in places)
        {
            if (buffer.Length < place.Length)
                buffer = new byte[place.Length];
            if (_stream.Position != place.Offset)
                _stream.Position = place.Offset;
            _stream.ReadExactly(buffer, 0, place.Length);
            target.Write(buffer, 0, place.Length);
        }

        _stream.Position = end;
    }

    /// <summary>Closes and removes the file.</summary>
    public void Delete()
    {
        Dispose();
        File.Delete(Path);
    }

    public void Dispose() => _stream.Dispose();

    private void Read(string settings, Action<JsonObject, LinePlace> read)
    {
        var lines = new LineReader(_stream, Path, MostLineBytes);
        var end = 0L;
        while (lines.TryRead(out var line) && lines.IsWhole)
        {
            if (!TryRead(line, lines.Number == 1, settings, new LinePlace(lines.Offset, lines.Length), read))
                throw new ConfigurationException($"{Path}: line {lines.Number} is damaged; delete the file to caption every picture again.");
            end = lines.Offset + lines.Length;
        }

        _stream.SetLength(end);
        _stream.Position = end;
        if (end == 0)
            Add(Header(settings));
    }

    private bool TryRead(ReadOnlySpan<byte> line, bool isFirst, string settings, LinePlace place, Action<JsonObject, LinePlace> read)
    {
        try
        {
            if (JsonNode.Parse(line) is not JsonObject entry)
                return false;
            if (!isFirst)
                read(entry, place);
            else if (entry[SettingsKey]!.GetValue<string>() != settings)
                throw new ConfigurationException($"{Path}: begun with another model or other settings; delete it to caption every picture again, or name another --out.");
            return true;
        }
        catch (Exception e) when (e is JsonException or NullReferenceException or InvalidOperationException or FormatException or ArgumentException)
        {
            return false;
        }
    }
}
