using Sightline.Tests;
using Xunit;

namespace Sightline.Cli.Tests;

public sealed class ExportCommandTests
{
    private static readonly string[] s_settings = ["config.json", "generation_config.json", "merges.txt"];
    private static readonly string[] s_rest = ["preprocessor_config.json", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json", "vocab.json"];

    [Fact]
    public async Task Export_AllNumberTypes_ListsEveryFileWithItsSize()
    {
        using var folder = new TemporaryFolder();
        var result = await Command.RunAsync("export", "--model", Fixture.Path("checkpoints", "t-base"), "--onnx", folder.At("out"), "--dtype", "q8,fp32,fp16");
        Assert.Equal(0, result.ExitCode);
        Assert.Empty(result.ErrorLines);
        string[] expected =
        [
            .. s_settings,
            "onnx/decoder_model_merged.onnx", "onnx/decoder_model_merged_fp16.onnx", "onnx/decoder_model_merged_quantized.onnx",
            "onnx/encoder_model.onnx", "onnx/encoder_model_fp16.onnx", "onnx/encoder_model_quantized.onnx",
            s_rest[0], "quantize_config.json", .. s_rest[1..],
        ];
        Assert.Equal(expected.Select(name => $"{Path.Combine(folder.At("out"), name)}\t{new FileInfo(folder.At("out", name)).Length} bytes"), result.Lines);
        Assert.Equal(["out"], Directory.GetFileSystemEntries(folder.Root).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Export_TargetThatHoldsFiles_IsRefusedInOneLine()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.At("out"));
        await File.WriteAllTextAsync(folder.At("out", "notes.txt"), "mine", TestContext.Current.CancellationToken);
        var result = await Command.RunAsync("export", "--model", Fixture.Path("checkpoints", "t-base"), "--onnx", folder.At("out"));
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("the name of a new folder was expected", result.ErrorLines.Single(), StringComparison.Ordinal);
        Assert.Equal(["notes.txt"], Directory.GetFileSystemEntries(folder.At("out")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Export_ModelThatIsNotThere_SaysSoInOneLine()
    {
        using var folder = new TemporaryFolder();
        var result = await Command.RunAsync("export", "--model", folder.At("none"), "--onnx", folder.At("out"));
        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith($"sightline: {folder.At("none")}", result.ErrorLines.Single(), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Root));
    }
}
