using System.Text.Json.Nodes;
using Sightline.Checkpoints;
using Sightline.Configuration;
using Sightline.IO;
using Sightline.Models;
using Xunit;

namespace Sightline.Tests.Models;

public sealed class CheckpointConverterTests
{
    public static TheoryData<string> All() => [.. Directory.GetDirectories(Fixture.Path("checkpoints")).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(All))]
    public void Convert_ThereAndBack_KeepsEveryValueAndIsByteStable(string name)
    {
        using var folder = new TemporaryFolder();
        var source = Fixture.Path("checkpoints", name);
        CheckpointConverter.Convert(source, folder["bin"], new CheckpointSaveOptions { Format = CheckpointFormat.PyTorchBin, MaxShardBytes = 50_000 });
        CheckpointConverter.Convert(folder["bin"], folder["safetensors"]);
        CheckpointConverter.Convert(folder["safetensors"], folder["again"]);
        var expected = ModelCheckpoint.Load(source).Parameters;
        foreach (var each in new[] { "bin", "safetensors", "again" })
        {
            var actual = ModelCheckpoint.Load(folder[each]).Parameters;
            Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
            Assert.All(expected, pair => Assert.Equal(pair.Value, actual[pair.Key]));
        }

        foreach (var file in Directory.GetFiles(folder["safetensors"]))
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(folder["again"], Path.GetFileName(file))));
        Assert.True(JsonNode.DeepEquals(JsonFile.ReadObject(Path.Combine(source, "config.json")), JsonFile.ReadObject(Path.Combine(folder["again"], "config.json"))));
    }

    [Theory]
    [InlineData(TensorDType.F16, 1.0 / 2048)]
    [InlineData(TensorDType.BF16, 1.0 / 256)]
    public void Convert_HalfPrecision_RoundsToTheNearest(TensorDType dtype, double relative)
    {
        using var folder = new TemporaryFolder();
        var source = Fixture.Path("checkpoints", "t-base");
        CheckpointConverter.Convert(source, folder["half"], new CheckpointSaveOptions { DType = dtype });
        var (expected, actual) = (ModelCheckpoint.Load(source).Parameters, ModelCheckpoint.Load(folder["half"]).Parameters);
        var changed = 0;
        foreach (var (name, values) in expected)
        {
            for (var i = 0; i < values.Length; i++)
            {
                var difference = Math.Abs(values[i] - actual[name][i]);
                changed += difference > 0 ? 1 : 0;
                Assert.True(difference <= (relative * Math.Abs(values[i])) + 3e-8, $"{name}[{i}]: {values[i]} became {actual[name][i]}"); // 3e-8: half of fp16's least step
            }
        }

        Assert.True(changed > 10_000);
    }

    [Fact]
    public void Convert_ValueBeyondHalf_IsRefused()
    {
        using var folder = new TemporaryFolder();
        var checkpoint = ModelCheckpoint.Load(Fixture.Path("checkpoints", "t-base"));
        checkpoint.Parameters["encoder.layernorm.weight"][3] = 70_000;
        checkpoint.Save(folder["model"]);
        var e = Assert.Throws<CheckpointException>(() => CheckpointConverter.Convert(folder["model"], folder["half"], new CheckpointSaveOptions { DType = TensorDType.F16 }));
        Assert.Contains("'encoder.layernorm.weight' holds 70000", e.Message, StringComparison.Ordinal);
        Assert.Equal(["model"], folder.Names);
        CheckpointConverter.Convert(folder["model"], folder["bfloat"], new CheckpointSaveOptions { DType = TensorDType.BF16 });
        Assert.Equal(70_144, ModelCheckpoint.Load(folder["bfloat"]).Parameters["encoder.layernorm.weight"][3]);
    }

    [Fact]
    public void Convert_Cancelled_LeavesNothing()
    {
        using var folder = new TemporaryFolder();
        using var cancellation = new CancellationTokenSource();
        cancellation.Cancel();
        Assert.Throws<OperationCanceledException>(() => CheckpointConverter.Convert(Fixture.Path("checkpoints", "t-base"), folder["out"], cancellationToken: cancellation.Token));
        Assert.Empty(folder.Names);
    }

    [Fact]
    public void Convert_UntiedHeadThatIsNotStored_IsWrittenFromTheEmbeddings()
    {
        using var folder = new TemporaryFolder();
        var checkpoint = ModelCheckpoint.Load(Fixture.Path("checkpoints", "a-safetensors-fp32"));
        checkpoint.Save(folder["model"]); // tied: safetensors holds the embeddings only
        var json = (JsonObject)checkpoint.Config.Json.DeepClone();
        json["decoder"]!["tie_word_embeddings"] = false;
        VisionEncoderDecoderConfig.Parse(json).Save(folder["model"]);
        CheckpointConverter.Convert(folder["model"], folder["out"]);
        using var tensors = Checkpoint.Open(folder["out"]);
        Assert.Equal(tensors.ReadSingles("decoder.transformer.wte.weight"), tensors.ReadSingles("decoder.lm_head.weight"));
    }

    [Fact]
    public void Match_ParameterOfALayerTooMany_IsSurplusAndNoBuffer()
    {
        var config = VisionEncoderDecoderConfig.Load(Fixture.Path("checkpoints", "f-417-buffers"));
        var json = (JsonObject)config.Json.DeepClone();
        json["decoder"]!["n_layer"] = 1;
        using var tensors = Checkpoint.Open(Fixture.Path("checkpoints", "f-417-buffers"));
        var match = TensorMatch.Create(VisionEncoderDecoderConfig.Parse(json), tensors);
        Assert.True(match.IsComplete);
        Assert.Contains(match.Surplus, tensor => tensor.Name == "decoder.transformer.h.1.attn.c_attn.bias");
        Assert.Equal(8, match.Buffers.Count);
        Assert.All(match.Surplus, tensor => Assert.StartsWith("decoder.transformer.h.1.", tensor.Name, StringComparison.Ordinal));
    }
}
