using System.Text;
using System.Text.Json;

namespace Sightline.Metrics.IO;

/// <summary>Reads JSON files with a bound on their size and errors that name file and place.</summary>
internal static class BoundedJson
{
    /// <summary>The largest file that is read: 1 GiB. All annotations of COCO 2017 have 90 MB.</summary>
    public const long MaxBytes = 1L << 30;

    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    /// <summary>Parses a file. The caller disposes the document.</summary>
    /// <exception cref="MetricsException">The file is missing, too large, not UTF-8 or not JSON.</exception>
    public static JsonDocument Read(string path)
    {
        var bytes = ReadBytes(path, MaxBytes);
        var text = bytes.AsMemory();
        if (text.Span.StartsWith("\uFEFF"u8))
            text = text[3..];
        try
        {
            s_strict.GetCharCount(text.Span);
        }
        catch (DecoderFallbackException e)
        {
            throw new MetricsException($"{path}: not UTF-8 at byte {bytes.Length - text.Length + e.Index}; save the file as UTF-8.", e);
        }

        try
        {
            return JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 64 });
        }
        catch (JsonException e)
        {
            throw new MetricsException($"{path}: not valid JSON at line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.", e);
        }
    }

    /// <summary>Reads a file whose size is checked first; gzip is not opened.</summary>
    public static byte[] ReadBytes(string path, long maxBytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (stream.Length > maxBytes)
                throw new MetricsException($"{path}: {stream.Length} bytes; at most {maxBytes} are read. Is this the right file?");
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MetricsException($"{path}: cannot be read ({e.Message.ReplaceLineEndings(" ")}).", e);
        }
    }

    /// <summary>A string value; a lone surrogate escape becomes U+FFFD.</summary>
    public static string Text(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return ReplaceLoneSurrogates(value.GetRawText());
        }
    }

    private static string ReplaceLoneSurrogates(string quoted)
    {
        var result = new StringBuilder(quoted.Length);
        for (var i = 1; i < quoted.Length - 1; i++)
        {
            if (quoted[i] != '\\')
            {
                result.Append(quoted[i]);
                continue;
            }

            var c = quoted[++i];
            if (c == 'u')
            {
                result.Append((char)Convert.ToInt32(quoted.Substring(i + 1, 4), 16));
                i += 4;
            }
            else
            {
                result.Append(c switch { 'n' => '\n', 'r' => '\r', 't' => '\t', 'b' => '\b', 'f' => '\f', _ => c });
            }
        }

        // Encoding and decoding replaces what is not a pair.
        return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(result.ToString()));
    }
}
