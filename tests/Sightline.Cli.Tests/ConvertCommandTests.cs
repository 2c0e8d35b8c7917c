using System.Text.Json.Nodes;
using Sightline.Tests;
using Xunit;

namespace Sightline.Cli.Tests;

public sealed class ConvertCommandTests
{
    public static TheoryData<string> Checkpoints() =>
        ["t-base", "t-417", "t-proj", "t-deit-distinct-pad", "e-bin-fp16", "e-safetensors-bf16", "f-417-buffers", "j-conflicting-lm-head", "j-untied-decoder", "k-nested-ids"];

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public async Task Convert_ThroughEveryFormat_KeepsTheCaptions(string name)
    {
        using var folder = new TemporaryFolder();
        var original = Fixture.Path("checkpoints", name);
        var expected = await Captions(original);
        await Succeeds(original, folder.At("bin"), "--format", "bin", "--max-shard-size", "60KB");
        await Succeeds(folder.At("bin"), folder.At("safetensors"), "--format", "safetensors", "--max-shard-size", "0.06MB");
        await Succeeds(folder.At("safetensors"), folder.At("one"), "--format", "bin", "--dtype", "fp32");
        foreach (var model in new[] { "bin", "safetensors", "one" })
            Assert.Equal(expected, await Captions(folder.At(model)));

        Assert.True(Directory.GetFiles(folder.At("bin"), "pytorch_model-*.bin").Length > 1);
        Assert.True(Directory.GetFiles(folder.At("safetensors"), "model-*.safetensors").Length > 1);
        Assert.True(File.Exists(folder.At("one", "pytorch_model.bin")));
        Assert.Equal(["bin", "one", "safetensors"], Directory.GetFileSystemEntries(folder.Root).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Convert_HalfPrecision_HalvesTheTensorsAndNamesTheTypeInTheConfig()
    {
        using var folder = new TemporaryFolder();
        var model = Fixture.Path("checkpoints", "t-base");
        foreach (var (option, dtype, name) in new[] { ("fp16", "F16", "float16"), ("bf16", "BF16", "bfloat16") })
        {
            await Succeeds(model, folder.At(option), "--dtype", option);
            var before = (await Command.RunAsync("inspect", model, "--json")).Json.Single();
            var after = (await Command.RunAsync("inspect", folder.At(option), "--json")).Json.Single();
            Assert.Equal(before["bytes"]!.GetValue<long>(), 2 * after["bytes"]!.GetValue<long>());
            Assert.All(after["tensors"]!.AsArray(), tensor => Assert.Equal(dtype, tensor!["dtype"]!.GetValue<string>()));
            var config = before["config"]!.DeepClone();
            Assert.Equal("float32", config["torch_dtype"]!.GetValue<string>());
            config["torch_dtype"] = name;
            Assert.True(JsonNode.DeepEquals(config, after["config"]));
            Assert.Equal(3, (await Captions(folder.At(option))).Length);
        }
    }

    [Fact]
    public async Task Convert_TiedHead_IsStoredAsHuggingFaceDoes()
    {
        using var folder = new TemporaryFolder();
        await Succeeds(Fixture.Path("checkpoints", "f-417-buffers"), folder.At("bin"), "--format", "bin");
        await Succeeds(Fixture.Path("checkpoints", "f-417-buffers"), folder.At("safetensors"));
        var bin = await Names(folder.At("bin"));
        var safetensors = await Names(folder.At("safetensors"));
        Assert.Equal(bin.Except(["decoder.lm_head.weight"]).Order(StringComparer.Ordinal), safetensors.Order(StringComparer.Ordinal));
        Assert.Contains("decoder.lm_head.weight", bin);
        Assert.Contains("encoder.pooler.dense.weight", bin);
        Assert.DoesNotContain(bin, name => name.EndsWith(".attn.bias", StringComparison.Ordinal) || name.EndsWith("crossattention.bias", StringComparison.Ordinal) || name.EndsWith("masked_bias", StringComparison.Ordinal));

        await Succeeds(Fixture.Path("checkpoints", "j-untied-decoder"), folder.At("untied"));
        Assert.Contains("decoder.lm_head.weight", await Names(folder.At("untied")));
    }

    [Fact]
    public async Task Convert_Files_ComeAlongOrAreMadeFromDefaults()
    {
        using var folder = new TemporaryFolder();
        var model = folder.Take("checkpoints/k-distinct-ids", "model");
        await File.WriteAllTextAsync(Path.Combine(model, "README.md"), "card", TestContext.Current.CancellationToken);
        File.Delete(Path.Combine(model, "preprocessor_config.json"));
        File.Delete(Path.Combine(model, "generation_config.json"));
        var result = await Command.RunAsync("convert", model, folder.At("out"));
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(["sightline: not copied: README.md."], result.ErrorLines);
        string[] expected = ["added_tokens.json", "config.json", "generation_config.json", "merges.txt", "model.safetensors", "preprocessor_config.json", "special_tokens_map.json", "tokenizer_config.json", "vocab.json"];
        Assert.Equal(expected, Directory.GetFiles(folder.At("out")).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        Assert.Equal(expected.Select(name => folder.At("out", name)), result.Lines.Select(line => line.Split('\t')[0]));
        foreach (var name in new[] { "added_tokens.json", "merges.txt", "vocab.json", "tokenizer_config.json", "special_tokens_map.json" })
            Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(model, name), TestContext.Current.CancellationToken), await File.ReadAllBytesAsync(folder.At("out", name), TestContext.Current.CancellationToken));
        Assert.Equal(await Captions(model), await Captions(folder.At("out")));
    }

    [Fact]
    public async Task Convert_TargetThatHoldsFiles_NeedsForce()
    {
        using var folder = new TemporaryFolder();
        var target = folder.Take("checkpoints/k-distinct-ids", "target"); // has an added_tokens.json that the new model has not
        await File.WriteAllTextAsync(Path.Combine(target, "notes.txt"), "mine", TestContext.Current.CancellationToken);
        var before = Contents(target);
        var model = Fixture.Path("checkpoints", "t-base");
        var refused = await Command.RunAsync("convert", model, target, "--format", "bin");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("--force", refused.ErrorLines.Single(), StringComparison.Ordinal);
        Assert.Equal(before, Contents(target));

        await Succeeds(model, target, "--format", "bin", "--force");
        Assert.Equal(await Captions(model), await Captions(target));
        Assert.Equal(
            ["config.json", "generation_config.json", "merges.txt", "notes.txt", "preprocessor_config.json", "pytorch_model.bin", "special_tokens_map.json", "tokenizer_config.json", "vocab.json"],
            Directory.GetFileSystemEntries(target).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));

        var same = await Command.RunAsync("convert", target, target + Path.DirectorySeparatorChar, "--force");
        Assert.Equal(1, same.ExitCode);
        Assert.Contains("the folder of the checkpoint itself", same.ErrorLines.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Convert_IncompleteModel_WritesNothing()
    {
        using var folder = new TemporaryFolder();
        var model = folder.Take("checkpoints/t-base", "model");
        var path = Path.Combine(model, "config.json");
        var config = JsonNode.Parse(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken))!;
        config["decoder"]!["n_layer"] = 3;
        await File.WriteAllTextAsync(path, config.ToJsonString(), TestContext.Current.CancellationToken);
        var result = await Command.RunAsync("convert", model, folder.At("out"));
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("'decoder.transformer.h.2.attn.c_attn.weight' [40, 120] is missing", result.ErrorLines.Single(), StringComparison.Ordinal);
        Assert.Equal(["model"], Directory.GetFileSystemEntries(folder.Root).Select(each => Path.GetFileName(each)));
    }

    private static async Task Succeeds(string model, string output, params string[] options)
    {
        var result = await Command.RunAsync(["convert", model, output, .. options]);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.NotEmpty(result.Lines);
        Assert.All(result.Lines, line => Assert.True(File.Exists(line.Split('\t')[0])));
    }

    // Ids and scores of every token: equal only if the weights are.
    private static async Task<string[]> Captions(string model)
    {
        var result = await Command.RunAsync("caption", "images/shapes/shape0.png", "images/png_rgb.png", "images/jpeg_cmyk.jpg", "--model", model, "--beams", "3", "--max-length", "12", "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        return [.. result.Json.Select(line => $"{line["image"]} {line["ids"]!.ToJsonString()} {line["score"]!.ToJsonString()} {line["text"]!.ToJsonString()} {line["tokens"]!.ToJsonString()}")];
    }

    private static async Task<List<string>> Names(string model) =>
        [.. (await Command.RunAsync("inspect", model, "--json")).Json.Single()["tensors"]!.AsArray().Select(tensor => tensor!["name"]!.GetValue<string>())];

    private static List<(string Name, string Hash)> Contents(string folder) =>
        [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select(file => (Path.GetFileName(file), Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)))))];
}
