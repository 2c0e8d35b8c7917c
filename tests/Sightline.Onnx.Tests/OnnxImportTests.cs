using System.Text.Json.Nodes;
using Google.Protobuf;
using Onnx;
using Sightline.Checkpoints;
using Sightline.Configuration;
using Sightline.Generation;
using Sightline.Models;
using Sightline.Tests;
using Xunit;

namespace Sightline.Onnx.Tests;

/// <summary>Exported folders loaded again.</summary>
public sealed class OnnxImportTests
{
    public static TheoryData<string, CrossKeyValues> Checkpoints()
    {
        var data = new TheoryData<string, CrossKeyValues>();
        foreach (var name in new[] { "t-base", "t-fullvocab", "t-proj", "t-distil6", "t-deit-distinct-pad", "i-attn-variants", "i-noqkvbias-acts", "i-noscale-silu", "j-untied-decoder", "g-enc-dec-proj", "b-bin-zip" })
        {
            data.Add(name, CrossKeyValues.Recomputed);
            data.Add(name, CrossKeyValues.Cached);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Load_Fp32Folder_GivesEveryWeightBitForBit(string name, CrossKeyValues cross)
    {
        using var exported = new ExportedModel(name, new OnnxExportOptions { CrossKeyValues = cross });
        var config = VisionEncoderDecoderConfig.Load(exported.Checkpoint);
        using var original = Checkpoint.Open(exported.Checkpoint);
        using var imported = Checkpoint.Open(exported.Folder);
        var expected = TensorMatch.Create(config, original).Found.Where(pair => !pair.Parameter.IsOptional).ToList();
        var actual = TensorMatch.Create(config, imported).Found.ToDictionary(pair => pair.Parameter.Name, pair => pair.Tensor);
        Assert.Equal(expected.Select(pair => pair.Parameter.Name).Order(), actual.Keys.Order());
        foreach (var (parameter, tensor) in expected)
            Assert.Equal(original.ReadSingles(tensor.Name), imported.ReadSingles(actual[parameter.Name].Name));
    }

    [Theory]
    [InlineData("t-base", OnnxNumberType.Fp32, 3)]
    [InlineData("t-fullvocab", OnnxNumberType.Fp32, 3)]
    [InlineData("t-proj", OnnxNumberType.Fp32, 3)]
    [InlineData("t-distil6", OnnxNumberType.Fp32, 3)]
    [InlineData("t-base", OnnxNumberType.Fp16, 3)]
    [InlineData("t-distil6", OnnxNumberType.Fp16, 3)]
    [InlineData("t-base", OnnxNumberType.Q8, 3)]
    [InlineData("t-distil6", OnnxNumberType.Q8, 3)]
    [InlineData("t-proj", OnnxNumberType.Q8, 2)]
    public void Describe_FromAFolder_GivesTheCaptionsOfTheCheckpoint(string name, OnnxNumberType type, int same)
    {
        using var exported = new ExportedModel(name, new OnnxExportOptions { NumberTypes = [type] });
        using var before = Captioner.Load(exported.Checkpoint);
        using var after = Captioner.Load(exported.Folder);
        var pictures = Enumerable.Range(0, 3).Select(i => Fixture.Path("images", "shapes", $"shape{i}.png")).ToArray();
        var options = new GenerationOptions { MaxLength = 20 };
        var (expected, actual) = (before.Describe(pictures, options), after.Describe(pictures, options));
        Assert.Equal(same, expected.Zip(actual, (a, b) => a.Text == b.Text).Count(equal => equal));
        Assert.Equal(3, expected.Select(caption => caption.Text).Distinct().Count());
        if (type == OnnxNumberType.Fp32)
            Assert.Equal(expected.Select(caption => caption.Score), actual.Select(caption => caption.Score));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Load_QuantizedFolder_GivesWeightsWithinAStep(bool perChannel)
    {
        using var exported = new ExportedModel("t-proj", new OnnxExportOptions { NumberTypes = [OnnxNumberType.Q8], PerChannel = perChannel });
        var config = VisionEncoderDecoderConfig.Load(exported.Checkpoint);
        using var original = Checkpoint.Open(exported.Checkpoint);
        using var imported = Checkpoint.Open(exported.Folder);
        var match = TensorMatch.Create(config, imported);
        Assert.True(match.IsComplete);
        var expected = TensorMatch.Create(config, original).Found.ToDictionary(pair => pair.Parameter.Name, pair => pair.Tensor);
        var different = 0;
        foreach (var (parameter, tensor) in match.Found)
        {
            var (a, b) = (original.ReadSingles(expected[parameter.Name].Name), imported.ReadSingles(tensor.Name));
            var step = 2 * a.Max(Math.Abs) / 254;
            Assert.All(a.Zip(b), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, step * 1.01f));
            different += a.AsSpan().SequenceEqual(b) ? 0 : 1;
        }

        Assert.True(different > 10);
    }

    [Fact]
    public void Load_Fp16Folder_GivesTheRoundedWeights()
    {
        using var exported = new ExportedModel("t-base", new OnnxExportOptions { NumberTypes = [OnnxNumberType.Fp16] });
        using var original = Checkpoint.Open(exported.Checkpoint);
        using var imported = Checkpoint.Open(exported.Folder);
        const string Name = "encoder.encoder.layer.1.intermediate.dense.weight";
        Assert.Equal(original.ReadSingles(Name).Select(value => (float)(Half)value), imported.ReadSingles(Name));
    }

    [Theory]
    [InlineData("t-base")]
    [InlineData("t-proj")]
    public void Load_ExportOfPyTorch_GivesEveryWeightBitForBit(string name)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["onnx"]);
        foreach (var file in Directory.GetFiles(Path.Combine(Fixture.Root, "..", "Sightline.Onnx.Tests", "TorchExports", name, "onnx")))
            File.Copy(file, folder[Path.Combine("onnx", Path.GetFileName(file))]);
        File.Copy(Fixture.Path("checkpoints", name, "config.json"), folder["config.json"]);
        var config = VisionEncoderDecoderConfig.Load(folder.Root);
        using var original = Checkpoint.Open(Fixture.Path("checkpoints", name));
        using var imported = Checkpoint.Open(folder.Root);
        var found = TensorMatch.Create(config, imported).Found.ToDictionary(pair => pair.Parameter.Name, pair => pair.Tensor);
        foreach (var (parameter, tensor) in TensorMatch.Create(config, original).Found.Where(pair => !pair.Parameter.IsOptional))
            Assert.Equal(original.ReadSingles(tensor.Name), imported.ReadSingles(found[parameter.Name].Name));
    }

    [Fact]
    public void Load_UnknownGraph_NamesTheFirstNodeThatDoesNotFit()
    {
        using var exported = new ExportedModel("t-base");
        var message = Refused(exported, "encoder_model", model => model.Graph.Node.Single(node => node.Name == "/encoder/layer.0/attention/attention/Softmax").OpType = "Sigmoid");
        Assert.Contains("encoder_model.onnx: node '/encoder/layer.0/attention/attention/Softmax' (Sigmoid) does not fit: attention probabilities (an encoder layer) was expected", message, StringComparison.Ordinal);
        message = Refused(exported, "encoder_model", model =>
        {
            foreach (var node in model.Graph.Node.Where(node => node.OpType == "Erf"))
                node.OpType = "Tanh";
        });
        Assert.Contains("config.json says encoder.hidden_act 'gelu'", message, StringComparison.Ordinal);
        message = Refused(exported, "encoder_model", model => model.Graph.Output[0].Name = "image_embeds");
        Assert.Contains("gives 'image_embeds'; last_hidden_state was expected", message, StringComparison.Ordinal);
        message = Refused(exported, "encoder_model", model => model.Graph.Initializer[0].DataLocation = TensorProto.Types.DataLocation.External);
        Assert.Contains("external data", message, StringComparison.Ordinal);
        message = Refused(exported, "decoder_model_merged", model => model.Graph.Node.Clear());
        Assert.Contains("does not fit", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OtherSizesInTheConfig_SaysWhichTensorsDoNotFit()
    {
        using var exported = new ExportedModel("t-base");
        var path = Path.Combine(exported.Folder, "config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!;
        config["decoder"]!["n_layer"] = 3;
        File.WriteAllText(path, config.ToJsonString());
        Assert.Contains("decoder.transformer.h.2.", Assert.Throws<CheckpointException>(() => Captioner.Load(exported.Folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_DamagedFiles_AreReadOrRefusedInOneLine()
    {
        using var exported = new ExportedModel("t-base");
        var random = new Random(20261125);
        var refused = 0;
        foreach (var file in new[] { "encoder_model.onnx", "decoder_model_merged.onnx" })
        {
            var path = Path.Combine(exported.Folder, "onnx", file);
            var good = File.ReadAllBytes(path);
            var nodes = good.AsSpan().IndexOf("DynamicQuantizeLinear"u8) is var at && at > 0 ? at : good.Length;
            for (var round = 0; round < 600; round++)
            {
                var bytes = (byte[])good.Clone();
                // Half the damage hits the first kilobytes and the nodes, where lengths and names are.
                for (var change = random.Next(1, 5); change > 0; change--)
                    bytes[random.Next(round % 2 == 0 ? Math.Min(40_000, nodes) : bytes.Length)] = round % 3 == 0 ? (byte)0xFF : (byte)random.Next(256);
                if (round % 7 == 0)
                    bytes = bytes[..random.Next(bytes.Length)];
                File.WriteAllBytes(path, bytes);
                try
                {
                    using var source = Checkpoint.Open(exported.Folder);
                    foreach (var tensor in source.ReadAll())
                        Assert.Equal(tensor.Shape.Aggregate(1L, (product, size) => product * size) * tensor.DType.Size(), tensor.Bytes.Length);
                }
                catch (SightlineException e)
                {
                    refused++;
                    Assert.DoesNotContain('\n', e.Message);
                }
            }

            File.WriteAllBytes(path, good);
        }

        Assert.InRange(refused, 200, 1199);
    }

    private static string Refused(ExportedModel exported, string file, Action<ModelProto> change)
    {
        var path = Path.Combine(exported.Folder, "onnx", $"{file}.onnx");
        var good = File.ReadAllBytes(path);
        var model = ModelProto.Parser.ParseFrom(good);
        change(model);
        File.WriteAllBytes(path, model.ToByteArray());
        var message = Assert.Throws<CheckpointException>(() => Captioner.Load(exported.Folder)).Message;
        File.WriteAllBytes(path, good);
        Assert.DoesNotContain('\n', message);
        return message;
    }
}
