using System.Text.Encodings.Web;
using System.Text.Json;
using Sightline.Metrics.IO;

namespace Sightline.Metrics;

/// <summary>One machine caption.</summary>
/// <param name="ImageId">The image id of the annotation file.</param>
/// <param name="Caption">The text.</param>
public sealed record CaptionResult(long ImageId, string Caption);

/// <summary>Results files as EvalAI takes them: <c>[{"image_id": 1, "caption": "…"}, …]</c>.</summary>
public static class CaptionResults
{
    /// <summary>Reads a results file of any system; further fields are ignored.</summary>
    /// <returns>The entries in the order of the file, which need not be unique (<see cref="CaptionEvaluation.Run"/> refuses repeated ids).</returns>
    /// <exception cref="MetricsException">The file cannot be read, is not a list of such objects, or is empty.</exception>
    public static IReadOnlyList<CaptionResult> Load(string path)
    {
        using var document = BoundedJson.Read(path);
        if (document.RootElement.ValueKind != JsonValueKind.Array)
            throw new MetricsException($"{path}: not a results file; expected a list [{{\"image_id\": 1, \"caption\": \"…\"}}, …].");
        var faults = new Faults(path);
        var results = new List<CaptionResult>(document.RootElement.GetArrayLength());
        foreach (var entry in document.RootElement.EnumerateArray())
        {
            var where = $"[{results.Count}]";
            long id = 0;
            var caption = "";
            if (entry.ValueKind != JsonValueKind.Object)
                faults.Add($"{where} is not an object");
            else if (!entry.TryGetProperty("image_id", out var value) || !CaptionAnnotations.TryId(value, out id))
                faults.Add($"{where}.image_id is missing or not an integer");
            else if (!entry.TryGetProperty("caption", out var text) || text.ValueKind != JsonValueKind.String)
                faults.Add($"{where}.caption is missing or not a string");
            else
                caption = BoundedJson.Text(text);
            results.Add(new CaptionResult(id, caption));
        }

        faults.Throw();
        if (results.Count == 0)
            throw new MetricsException($"{path}: an empty list; there is nothing to evaluate.");
        return results;
    }

    /// <summary>Writes a results file; an existing one is replaced as a whole.</summary>
    /// <exception cref="MetricsException">The file cannot be written.</exception>
    public static void Save(string path, IEnumerable<CaptionResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartArray();
            foreach (var result in results)
            {
                writer.WriteStartObject();
                writer.WriteNumber("image_id", result.ImageId);
                writer.WriteString("caption", result.Caption);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        AtomicText.Write(path, stream.ToArray());
    }
}
