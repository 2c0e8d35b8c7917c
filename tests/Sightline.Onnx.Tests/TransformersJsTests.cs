using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Sightline.Generation;
using Sightline.Tests;
using SkiaSharp;
using Xunit;

namespace Sightline.Onnx.Tests;

/// <summary>The real transformers.js on Node, with exported folders.</summary>
public sealed class TransformersJsTests
{
    private static readonly string s_scripts = Path.Combine(Fixture.Root, "..", "Sightline.Onnx.Tests", "js");

    public static TheoryData<string> Checkpoints() => ["t-base", "t-fullvocab", "t-proj", "t-distil6"];

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public async Task Generate_Fp32_GivesTheIdsAndTextOfOurGreedyRun(string name)
    {
        SkipWithoutTransformersJs();
        using var exported = new ExportedModel(name);
        using var captioner = Captioner.Load(exported.Checkpoint);
        var pictures = ModelSizedPictures(exported, captioner.Model.Config.Encoder.ImageSize);
        var result = await RunAsync(exported, "fp32", captioner.Model.Config.Encoder.ImageSize, pictures);
        var golden = exported.GreedyIds();
        Assert.Equal(golden, Ids(exported, result["ids"]!));
        Assert.Equal(golden.Select(ids => captioner.Tokenizer.Decode(ids, skipSpecialTokens: true)), result["texts"]!.AsArray().Select(text => text!.GetValue<string>()));

        var greedy = new GenerationOptions { MaxLength = 20 };
        var ours = pictures.Select(picture => captioner.Describe(picture, greedy).Tokens.Select(token => token.Id).ToArray());
        var end = captioner.Complete(greedy).EosTokenIds![0];
        Assert.Equal(ours.Select(ids => ids.TakeWhile(id => id != end)), Ids(exported, result["fileIds"]!));
    }

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public async Task Generate_Q8_GivesTheIdsOfOnnxRuntimeInThisProcess(string name)
    {
        SkipWithoutTransformersJs();
        using var exported = new ExportedModel(name, new OnnxExportOptions { NumberTypes = [OnnxNumberType.Q8] });
        using var sessions = new OnnxSessions(exported.Folder, "_quantized");
        var options = GenerationConfig.Load(exported.Folder).Options;
        var expected = exported.Pictures().Select(pixels => sessions.Greedy(pixels, options.DecoderStartTokenId!.Value, options.EosTokenIds![0], 20));
        using var model = exported.LoadModel();
        Assert.Equal(expected, Ids(exported, (await RunAsync(exported, "q8", model.Config.Encoder.ImageSize, []))["ids"]!));
    }

    private static void SkipWithoutTransformersJs()
    {
        Assert.SkipUnless(FindNode() is not null, "Node is not on the PATH; install it (Debian: apt-get install nodejs npm).");
        Assert.SkipUnless(Directory.Exists(Path.Combine(s_scripts, "node_modules", "@huggingface", "transformers")),
            "transformers.js is not installed; run: npm ci --ignore-scripts --prefix tests/Sightline.Onnx.Tests/js");
    }

    private static string? FindNode() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? "node.exe" : "node")).FirstOrDefault(File.Exists);

    // Its own resize is not Pillow's, so the pictures have the model's size already.
    private static List<string> ModelSizedPictures(ExportedModel exported, int size)
    {
        var pictures = new List<string>();
        foreach (var name in new[] { "shape0.png", "shape1.png", "shape2.png" })
        {
            using var picture = SKBitmap.Decode(Fixture.Path("images", "shapes", name));
            using var resized = picture.Resize(new SKImageInfo(size, size, SKColorType.Rgba8888, SKAlphaType.Opaque), SKSamplingOptions.Default);
            using var png = resized.Encode(SKEncodedImageFormat.Png, 100);
            pictures.Add(Path.Combine(exported.Folder, name));
            File.WriteAllBytes(pictures[^1], png.ToArray());
        }

        return pictures;
    }

    private static async Task<JsonObject> RunAsync(ExportedModel exported, string dtype, int size, List<string> pictures)
    {
        var pixels = Path.Combine(exported.Folder, "pixels.f32");
        await File.WriteAllBytesAsync(pixels, MemoryMarshal.AsBytes(exported.PixelValues.AsSpan()).ToArray());
        var start = new ProcessStartInfo(FindNode()!, ["caption.mjs", exported.Folder, dtype, pixels, $"{exported.Images}", $"{size}", "20", .. pictures])
        {
            WorkingDirectory = s_scripts,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await error);
        return (JsonObject)JsonNode.Parse(output)!;
    }

    // Rows without the start token and without what follows the end token.
    private static IEnumerable<int[]> Ids(ExportedModel exported, JsonNode rows)
    {
        var end = GenerationConfig.Load(exported.Folder).Options.EosTokenIds![0];
        return rows.AsArray().Select(row => row!.AsArray().Select(id => id!.GetValue<int>()).Skip(1).TakeWhile(id => id != end).ToArray());
    }
}
