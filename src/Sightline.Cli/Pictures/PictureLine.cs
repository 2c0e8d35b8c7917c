using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;
using Sightline.Cli.IO;
using Sightline.IO;

namespace Sightline.Cli.Pictures;

/// <summary>
/// A picture asked for by a line: a path, or a JSON object with <c>image</c> (a path) or <c>bytes</c> (the file in Base64) and an optional <c>id</c>.
/// </summary>
internal static class PictureLine
{
    /// <summary>The longest line that is read: Base64 of a large photo.</summary>
    public const int MostBytes = 96 << 20;

    /// <summary>The picture. A line that asks for none gives one whose opening says why, so that every line has an answer.</summary>
    /// <param name="source">Names the line in messages; its id, if it has none of its own.</param>
    /// <param name="line">The line.</param>
    /// <param name="root">The folder that paths are relative to and may not leave; null: the current folder, and any path.</param>
    public static Picture Parse(string source, ReadOnlySpan<byte> line, string? root = null)
    {
        string? id = null;
        try
        {
            var text = Encoding.UTF8.GetString(line).Trim();
            if (!text.StartsWith('{'))
                return new Picture(text, () => Open(text, root));
            if (JsonFile.Parse(source, line) is not JsonObject entry)
                throw new ConfigurationException($"{source}: not a JSON object.");
            id = ReadId(source, entry);
            if (entry["bytes"] is JsonValue bytes && bytes.TryGetValue<string>(out var base64))
            {
                var name = id ?? source;
                return new Picture(name, () => ImageInput.FromBytes(Decode(name, base64), name));
            }

            if (entry["image"] is not JsonValue image || !image.TryGetValue<string>(out var path))
                throw new ConfigurationException($"{id ?? source}: neither 'image' (a path) nor 'bytes' (Base64) is there.");
            return new Picture(id ?? path, () => Open(path, root));
        }
        catch (SightlineException e)
        {
            return new Picture(id ?? source, () => throw e);
        }
    }

    /// <summary>The id of an object; null where it has none. A whole number counts as its digits.</summary>
    /// <exception cref="ConfigurationException">It is neither a text nor a whole number.</exception>
    public static string? ReadId(string source, JsonObject entry)
    {
        if (!entry.TryGetPropertyValue("id", out var node) || node is null)
            return null;
        if (node is JsonValue value)
        {
            if (value.TryGetValue<string>(out var text) && text.Length > 0)
                return text;
            if (value.TryGetValue<long>(out var number))
                return number.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        throw new ConfigurationException($"{source}: 'id' is {node.ToJsonString()}; a text or a whole number was expected.");
    }

    private static ImageInput Open(string path, string? root)
    {
        if (path.Length == 0 || path.Contains('\0', StringComparison.Ordinal))
            throw new ImageDecodeException("the line is empty or holds a NUL character; the path of a picture was expected.");
        return ImageInput.FromFile(root is null ? path : FolderPath.Inside(root, path) ?? throw new ImageDecodeException($"{path}: lies outside {root}."));
    }

    private static byte[] Decode(string name, string base64)
    {
        var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(base64.Length)];
        return Convert.TryFromBase64String(base64, bytes, out var count) ? bytes[..count] : throw new ImageDecodeException($"{name}: 'bytes' is not Base64.");
    }
}
