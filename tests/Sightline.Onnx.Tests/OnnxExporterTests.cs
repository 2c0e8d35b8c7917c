using Sightline.Generation;
using Xunit;

namespace Sightline.Onnx.Tests;

public sealed class OnnxExporterTests
{
    // Two orders of addition in fp32; logits are up to 30.
    private const float LogitTolerance = 1e-4f;

    public static TheoryData<string, CrossKeyValues> Trained()
    {
        var data = new TheoryData<string, CrossKeyValues>();
        foreach (var name in new[] { "t-base", "t-fullvocab", "t-proj", "t-distil6", "t-417", "t-deit-distinct-pad" })
        {
            data.Add(name, CrossKeyValues.Recomputed);
            data.Add(name, CrossKeyValues.Cached);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Trained))]
    public void Export_Fp32_GivesOurLogitsAndTheReferencesGreedyIds(string name, CrossKeyValues cross)
    {
        using var exported = new ExportedModel(name, new OnnxExportOptions { CrossKeyValues = cross });
        using var model = exported.LoadModel();
        using var sessions = new OnnxSessions(exported.Folder);
        var ids = Enumerable.Range(0, exported.Images * 5).Select(i => i * 37 % model.Config.Decoder.VocabSize).ToArray();
        var expected = model.Decode(model.Encode(exported.PixelValues, exported.Images), ids).Logits;

        var encoded = sessions.Encode(exported.PixelValues, exported.Images);
        AssertClose(model.Encode(exported.PixelValues, exported.Images).LastHiddenState.ToArray(), encoded[0].AsTensor<float>().ToArray());
        long[] longIds = [.. ids.Select(id => (long)id)];
        AssertClose(expected, sessions.Decode(encoded, longIds, exported.Images, null, useCacheBranch: false).Logits);
        AssertClose(expected, sessions.Decode(encoded, longIds, exported.Images, null, useCacheBranch: true).Logits);
        Assert.NotEqual(expected[0], expected[expected.Length / 2]);

        var options = GenerationConfig.Load(exported.Checkpoint).Options;
        var golden = exported.GreedyIds();
        foreach (var (pixels, reference) in exported.Pictures().Zip(golden))
            Assert.Equal(reference, sessions.Greedy(pixels, options.DecoderStartTokenId!.Value, options.EosTokenIds![0], 20));
    }

    public static TheoryData<string> Variants() => ["g-enc-dec-proj", "i-attn-variants", "i-deit", "i-noqkvbias-acts", "i-noscale-silu", "j-untied-decoder", "j-conflicting-lm-head", "e-safetensors-bf16", "b-bin-zip", "k-nested-ids"];

    [Theory]
    [MemberData(nameof(Variants))]
    public void Export_EveryVariantOfTheConfiguration_GivesOurLogits(string name)
    {
        using var exported = new ExportedModel(name);
        using var model = exported.LoadModel();
        using var sessions = new OnnxSessions(exported.Folder);
        var ids = Enumerable.Range(0, exported.Images * 4).Select(i => i * 5 % model.Config.Decoder.VocabSize).ToArray();
        var encoded = sessions.Encode(exported.PixelValues, exported.Images);
        AssertClose(
            model.Decode(model.Encode(exported.PixelValues, exported.Images), ids).Logits,
            sessions.Decode(encoded, [.. ids.Select(id => (long)id)], exported.Images, null, useCacheBranch: false).Logits);
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var worst = expected.Zip(actual, (a, b) => Math.Abs(a - b)).Max();
        Assert.True(worst <= LogitTolerance, $"largest difference {worst}; at most {LogitTolerance} was expected.");
    }
}
