using System.Text.Json.Nodes;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Sightline.Generation;
using Xunit;

namespace Sightline.Onnx.Tests;

/// <summary>
/// What NVDA's captioner does with its five files, as it was observed: the cache branch from the first token on, with a cache of length 0 sized from
/// config.json; outputs taken by their order; bos_token_id to begin with and eos_token_id to stop at, from the top level of config.json.
/// </summary>
public sealed class NvdaCaptionerTests
{
    public static TheoryData<string> Checkpoints() => ["t-base", "t-fullvocab", "t-proj", "t-distil6"];

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Caption_WithTheFp32Files_GivesOurIds(string name)
    {
        using var exported = new ExportedModel(name);
        Assert.Equal(OurIds(exported), NvdaIds(exported, ""));
    }

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Caption_WithTheQuantizedFiles_GivesTheIdsOfTheOtherBranch(string name)
    {
        using var exported = new ExportedModel(name, new OnnxExportOptions { NumberTypes = [OnnxNumberType.Q8] });
        using var sessions = new OnnxSessions(exported.Folder, "_quantized");
        var options = GenerationConfig.Load(exported.Checkpoint).Options;
        var expected = exported.Pictures().Select(pixels => sessions.Greedy(pixels, options.DecoderStartTokenId!.Value, options.EosTokenIds![0], 21));
        Assert.Equal(expected, NvdaIds(exported, "_quantized"));
    }

    [Fact]
    public void Export_FolderOf2022_HasTheKeysThatNvdaReads()
    {
        using var exported = new ExportedModel("t-417", new OnnxExportOptions { NumberTypes = [OnnxNumberType.Q8] });
        foreach (var file in new[] { "onnx/encoder_model_quantized.onnx", "onnx/decoder_model_merged_quantized.onnx", "config.json", "vocab.json", "preprocessor_config.json" })
            Assert.True(File.Exists(Path.Combine(exported.Folder, file)), file);
        var processor = Json(exported, "preprocessor_config.json");
        Assert.Equal(32, processor["size"]!["height"]!.GetValue<int>());
        Assert.Equal(32, processor["size"]!["width"]!.GetValue<int>());
        foreach (var key in new[] { "do_resize", "do_rescale", "do_normalize", "rescale_factor", "resample", "image_mean", "image_std" })
            Assert.NotNull(processor[key]);
        Assert.NotNull(Json(exported, "config.json")["decoder"]!["n_ctx"]);
    }

    private static List<int[]> OurIds(ExportedModel exported)
    {
        using var model = exported.LoadModel();
        var options = new GenerationOptions { MaxLength = 21 }.MergeOver(GenerationConfig.Load(exported.Checkpoint).Options);
        return [.. exported.Pictures().Select(pixels =>
        {
            var encoded = model.Encode(pixels);
            var ids = TextGenerator.Generate(rows => model.StartDecoding(encoded, rows), options).Sequences[0].TokenIds.Skip(1);
            return ids.TakeWhile(id => id != options.EosTokenIds![0]).ToArray();
        })];
    }

    private static List<int[]> NvdaIds(ExportedModel exported, string suffix)
    {
        using var encoder = new InferenceSession(Path.Combine(exported.Folder, "onnx", $"encoder_model{suffix}.onnx"));
        using var decoder = new InferenceSession(Path.Combine(exported.Folder, "onnx", $"decoder_model_merged{suffix}.onnx"));
        var config = Json(exported, "config.json");
        var size = Json(exported, "preprocessor_config.json")["size"]!;
        int[] shape = [1, 3, size["height"]!.GetValue<int>(), size["width"]!.GetValue<int>()];
        var (start, end) = (config["bos_token_id"]!.GetValue<int>(), config["eos_token_id"]!.GetValue<int>());
        var (layers, heads) = (config["decoder"]!["n_layer"]!.GetValue<int>(), config["decoder"]!["n_head"]!.GetValue<int>());
        var headDim = config["decoder"]!["n_embd"]!.GetValue<int>() / heads;
        return [.. exported.Pictures().Select(Caption)];

        int[] Caption(float[] pixels)
        {
            using var encoded = encoder.Run([NamedOnnxValue.CreateFromTensor(encoder.InputNames[0], new DenseTensor<float>(pixels, shape))]);
            var past = Enumerable.Range(0, layers).SelectMany(layer => new[] { $"past_key_values.{layer}.key", $"past_key_values.{layer}.value" })
                .ToDictionary(input => input, _ => (Tensor<float>)new DenseTensor<float>([1, heads, 0, headDim]));
            var ids = new List<int>();
            for (var step = 0; step < 20; step++)
            {
                var inputs = past.Select(pair => NamedOnnxValue.CreateFromTensor(pair.Key, pair.Value)).ToList();
                inputs.Add(NamedOnnxValue.CreateFromTensor("input_ids", new DenseTensor<long>(new[] { (long)(ids.Count == 0 ? start : ids[^1]) }, [1, 1])));
                inputs.Add(NamedOnnxValue.CreateFromTensor("encoder_hidden_states", encoded[0].AsTensor<float>()));
                inputs.Add(NamedOnnxValue.CreateFromTensor("use_cache_branch", new DenseTensor<bool>(new[] { true }, [1])));
                using var outputs = decoder.Run(inputs);
                var next = System.Numerics.Tensors.TensorPrimitives.IndexOfMax<float>(outputs[0].AsTensor<float>().ToArray());
                if (next == end)
                    break;
                ids.Add(next);
                for (var layer = 0; layer < layers; layer++)
                {
                    past[$"past_key_values.{layer}.key"] = outputs[1 + (2 * layer)].AsTensor<float>().Clone();
                    past[$"past_key_values.{layer}.value"] = outputs[2 + (2 * layer)].AsTensor<float>().Clone();
                }
            }

            return [.. ids];
        }
    }

    private static JsonObject Json(ExportedModel exported, string name) => (JsonObject)JsonNode.Parse(File.ReadAllText(Path.Combine(exported.Folder, name)))!;
}
