using System.Text.Json.Nodes;
using Sightline.Tests;
using Xunit;

namespace Sightline.Cli.Tests;

public sealed class InspectCommandTests
{
    public static TheoryData<string> Checkpoints() => [.. Directory.GetDirectories(Fixture.Path("checkpoints")).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public async Task Inspect_FixtureCheckpoint_ListsEveryTensor(string name)
    {
        var isComplete = name != "t-fullvocab"; // its tokenizer is in another folder
        var result = await Command.RunAsync("inspect", Fixture.Path("checkpoints", name), "--json");
        var json = result.Json.Single();
        Assert.Equal(isComplete ? 0 : 1, result.ExitCode);
        Assert.Equal(isComplete, json["complete"]!.GetValue<bool>());
        Assert.Equal(isComplete ? 0 : 1, json["problems"]!.AsArray().Count);
        Assert.Empty(json["missing"]!.AsArray());
        Assert.Empty(json["misshapen"]!.AsArray());
        Assert.Empty(json["surplus"]!.AsArray());
        Assert.Equal(name is "f-417-buffers" or "c-bin-legacy" or "i-noqkvbias-acts" or "t-417", json["buffers"]!.AsArray().Count > 0);

        var tensors = json["tensors"]!.AsArray();
        long Elements(JsonNode? tensor) => tensor!["shape"]!.AsArray().Aggregate(1L, (product, size) => product * size!.GetValue<long>());
        Assert.All(tensors, tensor => Assert.Equal(Elements(tensor) * (tensor!["dtype"]!.GetValue<string>() switch { "F32" => 4, "F16" or "BF16" => 2, "U8" => 1, var other => throw new InvalidDataException(other) }), tensor["bytes"]!.GetValue<long>()));
        Assert.Equal(tensors.Sum(tensor => tensor!["bytes"]!.GetValue<long>()), json["bytes"]!.GetValue<long>());
        var hasTiedHead = json["config"]!["decoder"]!["tie_word_embeddings"]?.GetValue<bool>() != false;
        var buffers = json["buffers"]!.AsArray().Select(buffer => buffer!.GetValue<string>()).ToHashSet();
        var learned = tensors.Where(tensor => tensor!["name"]!.GetValue<string>() is var key && !buffers.Contains(key) && !(hasTiedHead && key == "decoder.lm_head.weight"));
        Assert.Equal(learned.Sum(Elements), json["parameters"]!.GetValue<long>());
        Assert.Equal(json["config"]!["encoder"]!["image_size"]!.GetValue<int>(), json["processor"]!["size"] is JsonObject size ? size["height"]!.GetValue<int>() : json["processor"]!["size"]!.GetValue<int>());
    }

    [Fact]
    public async Task Inspect_Text_SaysWhatThereIs()
    {
        var result = await Command.RunAsync("inspect", Fixture.Path("checkpoints", "i-deit"));
        Assert.Equal(0, result.ExitCode);
        Assert.Contains(result.Lines, line => line.StartsWith("encoder\tdeit, 2 layers", StringComparison.Ordinal));
        Assert.Contains(result.Lines, line => line.StartsWith("encoder.embeddings.distillation_token\tF32\t[1, 1, ", StringComparison.Ordinal));
        Assert.Contains("complete\tevery parameter of config.json is there", result.Lines);
    }

    [Fact]
    public async Task Inspect_ConfigThatAsksForMore_ListsWhatIsMissingAndMisshapen()
    {
        using var folder = new TemporaryFolder();
        var model = folder.Take("checkpoints/a-safetensors-fp32");
        var path = Path.Combine(model, "config.json");
        var config = JsonNode.Parse(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken))!;
        var layers = config["decoder"]!["n_layer"]!.GetValue<int>();
        config["decoder"]!["n_layer"] = layers + 1;
        config["encoder"]!["num_hidden_layers"] = 1;
        config["decoder"]!["n_positions"] = 99;
        await File.WriteAllTextAsync(path, config.ToJsonString(), TestContext.Current.CancellationToken);

        var json = await Command.RunAsync("inspect", model, "--json");
        Assert.Equal(1, json.ExitCode);
        var missing = json.Json.Single()["missing"]!.AsArray().Select(each => each!["name"]!.GetValue<string>()).ToList();
        Assert.Contains($"decoder.transformer.h.{layers}.attn.c_attn.weight", missing);
        Assert.All(missing, name => Assert.StartsWith($"decoder.transformer.h.{layers}.", name, StringComparison.Ordinal));
        Assert.Equal("decoder.transformer.wpe.weight", json.Json.Single()["misshapen"]!.AsArray().Single()!["name"]!.GetValue<string>());
        Assert.Contains(json.Json.Single()["surplus"]!.AsArray(), name => name!.GetValue<string>() == "encoder.encoder.layer.1.output.dense.weight");

        var text = await Command.RunAsync("inspect", model);
        Assert.Equal(1, text.ExitCode);
        Assert.Contains($"incomplete\t{missing.Count} missing, 1 of a wrong shape", text.Lines);
    }

    [Theory]
    [InlineData("checkpoints/t-base/model.safetensors")]
    [InlineData("checkpoints/c-bin-legacy/pytorch_model.bin")]
    [InlineData("checkpoints/d-safetensors-sharded/model-00002-of-00004.safetensors")]
    [InlineData("checkpoints/d-bin-sharded/pytorch_model.bin.index.json")]
    public async Task Inspect_SingleFile_ListsItsTensors(string file)
    {
        var result = await Command.RunAsync("inspect", file, "--json");
        Assert.Equal(0, result.ExitCode);
        Assert.NotEmpty(result.Json.Single()["tensors"]!.AsArray());
        Assert.True(result.Json.Single()["parameters"]!.GetValue<long>() > 1000);
        Assert.Null(result.Json.Single()["config"]);
    }

    [Fact]
    public async Task Inspect_DamagedFolder_SaysEachProblemAndShowsTheRest()
    {
        using var folder = new TemporaryFolder();
        var model = folder.Take("checkpoints/t-base");
        await File.WriteAllTextAsync(Path.Combine(model, "config.json"), "{", TestContext.Current.CancellationToken);
        File.Delete(Path.Combine(model, "vocab.json"));
        var result = await Command.RunAsync("inspect", model);
        Assert.Equal(1, result.ExitCode);
        Assert.Equal(2, result.ErrorLines.Length);
        Assert.Contains("config.json", result.ErrorLines[0], StringComparison.Ordinal);
        Assert.Contains("vocab.json", result.ErrorLines[1], StringComparison.Ordinal);
        Assert.Contains(result.Lines, line => line.StartsWith("decoder.transformer.wte.weight\tF32\t", StringComparison.Ordinal));
    }
}
