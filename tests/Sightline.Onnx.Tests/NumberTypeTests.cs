using Sightline.Generation;
using Sightline.Onnx.Graphs;
using Xunit;

namespace Sightline.Onnx.Tests;

/// <summary>fp16 and q8 beside fp32: how many greedy captions of the trained fixtures stay the same.</summary>
public sealed class NumberTypeTests(ITestOutputHelper output)
{
    private static readonly string[] s_checkpoints = ["t-base", "t-fullvocab", "t-proj", "t-distil6", "t-417", "t-deit-distinct-pad"];

    // As measured, 18 captions each; a smaller number means that something got worse.
    [Theory]
    [InlineData(OnnxNumberType.Fp16, CrossKeyValues.Recomputed, false, 17)]
    [InlineData(OnnxNumberType.Fp16, CrossKeyValues.Cached, false, 17)]
    [InlineData(OnnxNumberType.Q8, CrossKeyValues.Recomputed, false, 17)]
    [InlineData(OnnxNumberType.Q8, CrossKeyValues.Recomputed, true, 18)]
    [InlineData(OnnxNumberType.Q8, CrossKeyValues.Cached, true, 18)]
    public void Export_SmallerNumbers_KeepCaptions(OnnxNumberType type, CrossKeyValues cross, bool perChannel, int expected)
    {
        var (same, total, worst) = (0, 0, 0f);
        foreach (var name in s_checkpoints)
        {
            using var exported = new ExportedModel(name, new OnnxExportOptions { NumberTypes = [OnnxNumberType.Fp32, type], CrossKeyValues = cross, PerChannel = perChannel });
            using var exact = new OnnxSessions(exported.Folder);
            using var small = new OnnxSessions(exported.Folder, type == OnnxNumberType.Q8 ? "_quantized" : "_fp16");
            var golden = exported.GreedyIds();
            var options = GenerationConfig.Load(exported.Checkpoint).Options;
            foreach (var (pixels, ids) in exported.Pictures().Zip(golden))
            {
                total++;
                if (small.Greedy(pixels, options.DecoderStartTokenId!.Value, options.EosTokenIds![0], 20).SequenceEqual(ids))
                    same++;
                long[] prompt = [options.DecoderStartTokenId!.Value, .. ids.Select(id => (long)id)];
                var a = exact.Decode(exact.Encode(pixels, 1), prompt, 1, null, useCacheBranch: false).Logits;
                var b = small.Decode(small.Encode(pixels, 1), prompt, 1, null, useCacheBranch: false).Logits;
                worst = Math.Max(worst, a.Zip(b, (x, y) => Math.Abs(x - y)).Max());
            }
        }

        output.WriteLine($"{type} {cross} per channel {perChannel}: {same} of {total} captions the same, largest difference of logits {worst}");
        Assert.InRange(worst, 1e-5f, 3f); // not the same numbers, and not other ones
        Assert.True(same >= expected, $"{same} of {total} captions are the same; {expected} were.");
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 3)]
    [InlineData(false, 1)]
    [InlineData(false, 3)]
    public void Quantize_AnyValues_ComeBackWithinHalfAStep(bool isSigned, int columns)
    {
        var random = new Random(7);
        var values = new float[columns * 500];
        for (var i = 0; i < values.Length; i++)
            values[i] = (float)((random.NextDouble() - 0.3) * Math.Pow(10, i % columns));
        var quantized = Quantization.Quantize(values, isSigned, columns);
        Assert.Equal(columns, quantized.Scales.Length);
        for (var i = 0; i < values.Length; i++)
        {
            var (scale, zero) = (quantized.Scales[i % columns], quantized.ZeroPoints[i % columns]);
            var code = isSigned ? (sbyte)quantized.Values[i] : (int)quantized.Values[i];
            Assert.InRange(Math.Abs(((code - zero) * scale) - values[i]), 0, scale * 0.5001f + (isSigned ? 0 : scale * 0.5f)); // rounding of the zero point clips by half a step
        }

        Assert.True(quantized.Values.Distinct().Count() > 100);
    }

    [Fact]
    public void Quantize_KnownValues_GiveTheBytesOfQuantizeDynamic()
    {
        // (max - min) / 255 with 0 in the range; 2 · 127 steps of the largest magnitude.
        var unsigned = Quantization.Quantize([-1, 0, 0.5f, 1.55f], isSigned: false, 1);
        Assert.Equal([0.01f], unsigned.Scales);
        Assert.Equal<byte>([100], unsigned.ZeroPoints);
        Assert.Equal<byte>([0, 100, 150, 255], unsigned.Values);
        var signed = Quantization.Quantize([-1, 0, 0.5f, 1.27f], isSigned: true, 1);
        Assert.Equal([0.01f], signed.Scales);
        Assert.Equal<sbyte>([-100, 0, 50, 127], signed.Values.Select(value => (sbyte)value));
        Assert.Equal([1f], Quantization.Quantize([0, 0], isSigned: false, 1).Scales);
    }
}
