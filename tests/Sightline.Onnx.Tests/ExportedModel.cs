using System.Text.Json.Nodes;
using Sightline.Checkpoints;
using Sightline.Models;
using Sightline.Tests;

namespace Sightline.Onnx.Tests;

/// <summary>A fixture's checkpoint, exported into a temporary folder, with the golden inputs that belong to it.</summary>
internal sealed class ExportedModel : IDisposable
{
    private readonly TemporaryFolder _temporary = new();

    public ExportedModel(string name, OnnxExportOptions? options = null)
    {
        Name = name;
        Checkpoint = _temporary["checkpoint"];
        Folder = _temporary["exported"];
        Copy(Fixture.Path("checkpoints", name), Checkpoint);
        if (!File.Exists(Path.Combine(Checkpoint, "vocab.json"))) // the whole GPT-2 vocabulary is stored once
            Copy(Fixture.Path("tokenizer"), Checkpoint);
        Export = OnnxExporter.Export(Checkpoint, Folder, options);
        var path = Fixture.Path("generate", $"{name}.safetensors");
        using var golden = SafetensorsFile.Open(File.Exists(path) ? path : Fixture.Path("forward", $"{name}.safetensors"));
        PixelValues = golden.ReadSingles("pixel_values");
        Images = (int)golden.Find("pixel_values").Shape[0];
    }

    public string Name { get; }

    /// <summary>The checkpoint, complete with its tokenizer.</summary>
    public string Checkpoint { get; }

    /// <summary>The ONNX folder.</summary>
    public string Folder { get; }

    public OnnxExport Export { get; }

    /// <summary>[images, 3, size, size], the inputs of the golden captions.</summary>
    public float[] PixelValues { get; }

    public int Images { get; }

    /// <summary>Token ids of the reference's greedy run, a row per image, cut before the first end token; the start token is left out.</summary>
    public int[][] GreedyIds()
    {
        var json = JsonNode.Parse(File.ReadAllText(Fixture.Path("generate", $"{Name}.json")))!;
        var end = json["ids"]!["eos_token_id"]!.GetValue<int>();
        var greedy = json["cases"]!.AsArray().Single(item => item!["name"]!.GetValue<string>() == "greedy-20")!;
        return [.. greedy["4.17"]!["sequences"]!.AsArray().Select(row => row!.AsArray().Select(id => id!.GetValue<int>()).Skip(1).TakeWhile(id => id != end).ToArray())];
    }

    /// <summary>The pixel values of each picture.</summary>
    public IEnumerable<float[]> Pictures() => PixelValues.Chunk(PixelValues.Length / Images);

    public VisionEncoderDecoderModel LoadModel() => VisionEncoderDecoderModel.Load(Checkpoint);

    public void Dispose() => _temporary.Dispose();

    private static void Copy(string source, string target)
    {
        Directory.CreateDirectory(target);
        foreach (var file in Directory.GetFiles(source))
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)), overwrite: true);
    }
}
