using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Sightline.Imaging;
using Sightline.Tests;
using Sightline.Tokenization;
using Xunit;

namespace Sightline.Onnx.Tests;

/// <summary>The lines that README.md shows, run.</summary>
public sealed class ReadmeTests
{
    [Fact]
    public void Snippet_OnACachedFolder_GivesOurCaption()
    {
        using var exported = new ExportedModel("t-base", new OnnxExportOptions { CrossKeyValues = CrossKeyValues.Cached });
        using var captioner = Captioner.Load(exported.Checkpoint);
        var photo = Fixture.Path("images", "shapes", "shape0.png");
        Assert.Equal(captioner.Describe(photo).Text, Describe(exported.Folder, photo));
    }

    [Fact]
    public void Snippet_InTheReadme_IsTheOneRunHere()
    {
        var source = Lines(Path.Combine(Fixture.Root, "..", "Sightline.Onnx.Tests", "ReadmeTests.cs"));
        var shown = Lines(Path.Combine(Fixture.Root, "..", "..", "README.md"));
        var begin = Array.IndexOf(source, "// begin");
        var lines = source[(begin + 1)..Array.IndexOf(source, "// end")];
        Assert.True(lines.Length > 10);
        var at = Array.IndexOf(shown, lines[0]);
        Assert.True(at > 0, lines[0]);
        Assert.Equal(lines, shown[at..(at + lines.Length)]);

        static string[] Lines(string path) => [.. File.ReadAllLines(path).Select(line => line.Trim())];
    }

    private static string Describe(string folder, string photo)
    {
        // begin
        using var encoder = new InferenceSession($"{folder}/onnx/encoder_model.onnx");
        using var decoder = new InferenceSession($"{folder}/onnx/decoder_model_merged.onnx");
        var pixels = new ViTImageProcessor(ImageProcessorConfig.Load(folder)).Preprocess(ImageDecoder.DecodeFile(photo));
        using var encoded = encoder.Run([Value("pixel_values", new DenseTensor<float>(pixels, [1, .. encoder.InputMetadata["pixel_values"].Dimensions[1..]]))]);
        var cross = encoded.Skip(1).Select(value => Value(value.Name, value.AsTensor<float>())).ToList();
        var past = decoder.InputMetadata.Where(input => input.Key.Contains(".decoder."))
            .Select(input => Value(input.Key, new DenseTensor<float>([1, input.Value.Dimensions[1], 0, input.Value.Dimensions[3]]))).ToList();
        var tokenizer = Gpt2Tokenizer.Load(folder);
        var ids = new List<int> { tokenizer.EosTokenId!.Value }; // GPT-2 begins and ends with the same token
        while (ids.Count < 50 && (ids.Count == 1 || ids[^1] != ids[0]))
        {
            using var step = decoder.Run([Value("input_ids", new DenseTensor<long>(new[] { (long)ids[^1] }, [1, 1])), .. cross, .. past]);
            ids.Add(System.Numerics.Tensors.TensorPrimitives.IndexOfMax<float>(step[0].AsTensor<float>().ToArray()));
            past = [.. step.Skip(1).Select(value => Value(value.Name, value.AsTensor<float>().Clone()))];
        }

        return tokenizer.Decode(ids.ToArray(), skipSpecialTokens: true);

        static NamedOnnxValue Value<T>(string name, Tensor<T> value) => NamedOnnxValue.CreateFromTensor(name.Replace("present", "past_key_values"), value);
        // end
    }
}
