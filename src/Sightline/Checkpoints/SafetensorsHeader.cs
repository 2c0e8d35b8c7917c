using System.Text.Json;
using System.Text.Unicode;

namespace Sightline.Checkpoints;

/// <summary>
/// The JSON header of a safetensors file: <c>{"__metadata__": {…}, NAME: {"dtype": …, "shape": […], "data_offsets": [begin, end]}, …}</c>,
/// checked as the format's description demands: no duplicate key, and the tensors fill the data exactly, without gap or overlap.
/// </summary>
internal sealed class SafetensorsHeader
{
    private const int MaxRank = 64;

    private readonly string _source;
    private readonly Dictionary<string, TensorInfo> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Range> _ranges = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);

    private SafetensorsHeader(string source) => _source = source;

    /// <summary>Every tensor by name.</summary>
    public IReadOnlyDictionary<string, TensorInfo> Tensors => _tensors;

    /// <summary>The entries of <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>Where the data of a tensor lie, in bytes from the end of the header.</summary>
    public Range RangeOf(string name) => _ranges[name];

    /// <param name="source">The file, for messages.</param>
    /// <param name="json">The header, padding included.</param>
    /// <param name="dataLength">Bytes that follow it in the file.</param>
    /// <exception cref="CheckpointException">The header is not one of a safetensors file.</exception>
    public static SafetensorsHeader Parse(string source, ReadOnlySpan<byte> json, long dataLength)
    {
        var header = new SafetensorsHeader(source);
        if (!Utf8.IsValid(json))
            throw header.Fail("the header is not UTF-8");
        if (json.IsEmpty || json[0] != (byte)'{')
            throw header.Fail("the header does not begin with '{'");
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 16 });
            header.ReadRoot(ref reader);
        }
        catch (JsonException e)
        {
            throw new CheckpointException($"{source}: the header is not valid JSON at byte {e.BytePositionInLine} of line {e.LineNumber + 1}; the file is damaged.", e);
        }
        catch (InvalidOperationException e)
        {
            throw new CheckpointException($"{source}: the header holds a string that is not valid Unicode; the file is damaged.", e);
        }

        header.CheckLayout(dataLength);
        return header;
    }

    private void ReadRoot(ref Utf8JsonReader reader)
    {
        reader.Read();
        var metadataSeen = false;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (name == "__metadata__")
            {
                if (metadataSeen)
                    throw Fail("'__metadata__' appears twice");
                metadataSeen = true;
                ReadMetadata(ref reader);
            }
            else
            {
                ReadTensor(ref reader, name);
            }
        }

        reader.Read(); // throws where anything but white space follows
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Fail("'__metadata__' is not an object of strings");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                throw Fail($"'__metadata__' entry {MessageText.Quote(key)} is not a string");
            if (!_metadata.TryAdd(key, reader.GetString()!))
                throw Fail($"'__metadata__' entry {MessageText.Quote(key)} appears twice");
        }
    }

    private void ReadTensor(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Fail($"tensor {MessageText.Quote(name)} is not described by an object");
        string? dtypeName = null;
        long[]? shape = null;
        long[]? offsets = null;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var key = reader.GetString();
            reader.Read();
            var repeated = key switch { "dtype" => dtypeName is not null, "shape" => shape is not null, "data_offsets" => offsets is not null, _ => false };
            if (repeated)
                throw Fail($"tensor {MessageText.Quote(name)}: '{key}' appears twice");
            if (key == "dtype")
                dtypeName = reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw Fail($"tensor {MessageText.Quote(name)}: dtype is not a string");
            else if (key == "shape")
                shape = ReadSizes(ref reader, name, "shape");
            else if (key == "data_offsets")
                offsets = ReadSizes(ref reader, name, "data_offsets");
            else
                reader.Skip();
        }

        if (dtypeName is null || shape is null || offsets is not { Length: 2 })
            throw Fail($"tensor {MessageText.Quote(name)} needs dtype, shape and two data_offsets");
        Add(name, dtypeName, shape, offsets[0], offsets[1]);
    }

    private void Add(string name, string dtypeName, long[] shape, long begin, long end)
    {
        if (!TensorDTypes.TryParse(dtypeName, out var dtype))
            throw new CheckpointException($"{_source}: tensor {MessageText.Quote(name)} has dtype {MessageText.Quote(dtypeName)}, which is not supported (supported: {string.Join(", ", Enum.GetNames<TensorDType>())}).");
        if (!TensorDTypes.TryGetByteCount(dtype, shape, out var bytes))
            throw Fail($"tensor {MessageText.Quote(name)}: the shape [{string.Join(", ", shape)}] has more than 2^63 bytes");
        if (end < begin || end - begin != bytes)
            throw Fail($"tensor {MessageText.Quote(name)}: data_offsets [{begin}, {end}] do not fit {dtype} [{string.Join(", ", shape)}], which has {bytes} bytes");
        if (!_tensors.TryAdd(name, new TensorInfo(name, dtype, shape, _source)))
            throw Fail($"tensor {MessageText.Quote(name)} appears twice");
        _ranges.Add(name, new Range(begin, end));
    }

    private long[] ReadSizes(ref Utf8JsonReader reader, string name, string key)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw Fail($"tensor {MessageText.Quote(name)}: {key} is not a list");
        var sizes = new List<long>(4);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var size) || size < 0)
                throw Fail($"tensor {MessageText.Quote(name)}: {key} holds something other than whole numbers from 0 to 2^63-1");
            if (sizes.Count == MaxRank)
                throw Fail($"tensor {MessageText.Quote(name)}: {key} has more than {MaxRank} entries");
            sizes.Add(size);
        }

        return [.. sizes];
    }

    private void CheckLayout(long dataLength)
    {
        var position = 0L;
        foreach (var (name, range) in _ranges.OrderBy(pair => pair.Value.Begin).ThenBy(pair => pair.Value.End))
        {
            if (range.Begin != position)
                throw Fail($"tensor {MessageText.Quote(name)} begins at byte {range.Begin} of the data where {position} was expected: tensors {(range.Begin < position ? "overlap" : "leave a gap")}");
            position = range.End;
        }

        if (position != dataLength)
            throw Fail($"the header describes {position} bytes of data, the file holds {dataLength}{(position > dataLength ? ": it is cut off" : "")}");
    }

    private CheckpointException Fail(string problem) => new($"{_source}: {problem}; not a sound safetensors file, fetch or save it again.");

    /// <summary>Bytes from <paramref name="Begin"/> up to, not including, <paramref name="End"/>.</summary>
    internal readonly record struct Range(long Begin, long End);
}
