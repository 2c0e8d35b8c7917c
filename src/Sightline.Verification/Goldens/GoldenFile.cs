using System.IO.Compression;
using System.Text.Json.Nodes;

namespace Sightline.Verification.Goldens;

/// <summary>Reads the golden files: JSON, lines of JSON and text, gzipped or plain.</summary>
internal static class GoldenFile
{
    public static Stream Open(string path)
    {
        var file = File.OpenRead(path);
        return path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
    }

    public static JsonNode Json(string path)
    {
        using var stream = Open(path);
        return JsonNode.Parse(stream)!;
    }

    public static List<string> Lines(string path)
    {
        using var reader = new StreamReader(Open(path));
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    public static string[] Strings(JsonNode? array) => [.. array!.AsArray().Select(x => x!.GetValue<string>())];

    public static double[] Doubles(JsonNode? array) => [.. array!.AsArray().Select(x => x!.GetValue<double>())];
}
