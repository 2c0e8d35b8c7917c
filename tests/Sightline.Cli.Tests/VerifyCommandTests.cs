using System.Buffers.Binary;
using System.Text.Json.Nodes;
using Xunit;

namespace Sightline.Cli.Tests;

public sealed class VerifyCommandTests
{
    private const string Name = "a-safetensors-fp32";

    [Fact]
    public async Task Verify_GoldenFiles_PassAndAbsentKindsAreNotPresent()
    {
        using var folder = Subset();
        var result = await Command.RunAsync("verify", folder.Root);
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        Assert.Contains(result.Lines, line => line.StartsWith($"pass\tforward/{Name}.json\tlargest difference ", StringComparison.Ordinal) && line.Contains("tolerance abs 5e-5 + rel 1e-5", StringComparison.Ordinal));
        Assert.Contains(result.Lines, line => line.StartsWith("not present\timages\t", StringComparison.Ordinal));
        Assert.Contains(result.Lines, line => line.StartsWith("skipped\tothers\t", StringComparison.Ordinal));
        Assert.StartsWith("1 pass, 0 fail, 1 skipped, ", result.Lines[^1], StringComparison.Ordinal);
        Assert.Empty(result.Error);
    }

    [Fact]
    public async Task Verify_AlteredGoldenValue_FailsAndSaysWhere()
    {
        using var folder = Subset();
        var path = folder.At("forward", $"{Name}.json");
        var golden = JsonNode.Parse(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken))!;
        golden["scalars"]!["loss_pad"] = golden["scalars"]!["loss_pad"]!.GetValue<double>() + 1e-4;
        await File.WriteAllTextAsync(path, golden.ToJsonString(), TestContext.Current.CancellationToken);

        var text = await Command.RunAsync("verify", folder.Root);
        Assert.Equal(1, text.ExitCode);
        Assert.Contains("loss_pad", text.Lines.Single(line => line.StartsWith("fail\t", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.StartsWith("0 pass, 1 fail, ", text.Lines[^1], StringComparison.Ordinal);

        var json = await Command.RunAsync("verify", folder.Root, "--json");
        Assert.Equal(1, json.ExitCode);
        var failed = json.Json.Single(line => line["outcome"]?.GetValue<string>() == "fail");
        Assert.Equal(["kind", "file", "outcome", "largest_difference", "tolerance", "detail"], failed.Select(pair => pair.Key));
        Assert.Equal(("forward", $"forward/{Name}.json"), (failed["kind"]!.GetValue<string>(), failed["file"]!.GetValue<string>()));
        Assert.InRange(failed["largest_difference"]!.GetValue<double>(), 0.9e-4, 1.1e-4);
        Assert.Equal((0, 1), (json.Json[^1]["totals"]!["pass"]!.GetValue<int>(), json.Json[^1]["totals"]!["fail"]!.GetValue<int>()));
    }

    [Fact]
    public async Task Verify_AlteredTensor_Fails()
    {
        using var folder = Subset();
        var path = folder.At("forward", $"{Name}.safetensors");
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        var headerLength = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        var start = JsonNode.Parse(bytes.AsSpan(8, headerLength))!["logits"]!["data_offsets"]![0]!.GetValue<int>();
        var value = bytes.AsSpan(8 + headerLength + start + (17 * sizeof(float)), sizeof(float));
        BinaryPrimitives.WriteSingleLittleEndian(value, BinaryPrimitives.ReadSingleLittleEndian(value) + 0.001f);
        await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
        var result = await Command.RunAsync("verify", folder.Root);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("logits[17]", result.Lines.Single(line => line.StartsWith("fail\t", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_NothingToJudge_Fails()
    {
        using var folder = new TemporaryFolder();
        var empty = await Command.RunAsync("verify", folder.Root);
        Assert.Equal(1, empty.ExitCode);
        Assert.All(empty.Lines[..^1], line => Assert.StartsWith("not present\t", line, StringComparison.Ordinal));
        Assert.Contains("nothing could be judged", empty.ErrorLines.Single(), StringComparison.Ordinal);

        var missing = await Command.RunAsync("verify", folder.At("nothing"));
        Assert.Equal(1, missing.ExitCode);
        Assert.Contains("no such folder", missing.ErrorLines.Single(), StringComparison.Ordinal);
    }

    private static TemporaryFolder Subset()
    {
        var folder = new TemporaryFolder();
        folder.Take($"checkpoints/{Name}");
        folder.Take($"forward/{Name}.json");
        folder.Take($"forward/{Name}.safetensors");
        Directory.CreateDirectory(folder.At("others"));
        return folder;
    }
}
