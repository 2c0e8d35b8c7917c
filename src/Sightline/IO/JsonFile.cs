using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sightline.IO;

/// <summary>Reads and writes JSON objects with a bound on size and depth and errors that name the file.</summary>
public static class JsonFile
{
    /// <summary>The largest JSON file that is read unless a caller says otherwise: 64 MiB (GPT-2's tokenizer.json has 2 MiB).</summary>
    public const long DefaultMaxBytes = 64L << 20;

    /// <summary>Reads a file whose root is a JSON object.</summary>
    /// <exception cref="ConfigurationException">Missing, too large, not JSON, or the root is not an object.</exception>
    public static JsonObject ReadObject(string path, long maxBytes = DefaultMaxBytes) =>
        Parse(path, ReadBytes(path, maxBytes)) as JsonObject
        ?? throw new ConfigurationException($"{path}: the root is not a JSON object; is this the right file?");

    /// <summary>Parses JSON bytes; <paramref name="source"/> names them in errors. Duplicate keys: the last one counts, as in Python.</summary>
    public static JsonNode? Parse(string source, ReadOnlySpan<byte> utf8)
    {
        if (utf8.StartsWith("\uFEFF"u8))
            utf8 = utf8[3..];
        if (utf8.IndexOfAnyExcept(" \t\r\n"u8) < 0)
            throw new ConfigurationException($"{source}: the file is empty; a JSON value was expected.");
        try
        {
            var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = 64 });
            reader.Read();
            var node = ReadValue(ref reader);
            if (reader.Read())
                throw new ConfigurationException($"{source}: text follows the JSON value at byte {reader.TokenStartIndex}.");
            return node;
        }
        catch (JsonException e)
        {
            throw new ConfigurationException($"{source}: not valid JSON at line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.", e);
        }
        catch (InvalidOperationException e)
        {
            throw new ConfigurationException($"{source}: a JSON string is not valid Unicode.", e);
        }
    }

    /// <summary>Writes a JSON object as Hugging Face does: two spaces of indent, ASCII-escaped, one final line feed.</summary>
    public static void WriteObject(string path, JsonObject value)
    {
        ArgumentNullException.ThrowIfNull(value);
        AtomicFile.WriteAllText(path, PythonJson.Serialize(value) + "\n");
    }

    private static byte[] ReadBytes(string path, long maxBytes)
    {
        try
        {
            return BoundedFile.ReadAllBytes(path, maxBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{path}: cannot be read ({e.Message})", e);
        }
    }

    // JsonNode.Parse throws on duplicate keys when the object is first used; Python keeps the last value.
    private static JsonNode? ReadValue(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var result = new JsonObject();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var name = reader.GetString()!;
                    reader.Read();
                    result[name] = ReadValue(ref reader);
                }

                return result;
            case JsonTokenType.StartArray:
                var array = new JsonArray();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    array.Add(ReadValue(ref reader));
                return array;
            case JsonTokenType.Null:
                return null;
            case JsonTokenType.String:
                return JsonValue.Create(reader.GetString()); // decoded now, so that bad UTF-8 is reported with the file's name
            default:
                return JsonNode.Parse(reader.ValueSpan);
        }
    }
}
