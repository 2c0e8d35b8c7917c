using Sightline.Checkpoints;
using Sightline.Configuration;
using Sightline.Kernels;
using Sightline.Models;
using Xunit;

namespace Sightline.Tests.Models;

public sealed class VisionEncoderDecoderModelTests
{
    // Different order of additions in fp32 over a few layers; logits are up to 10.
    private const float LogitTolerance = 3e-5f;

    public static TheoryData<string> Checkpoints() => ["a-safetensors-fp32", "g-enc-dec-proj", "i-deit", "i-attn-variants", "i-noqkvbias-acts", "i-noscale-silu", "t-distil6"];

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Decode_EveryVectorWidth_EqualsTheReferenceKernels(string name)
    {
        var (reference, pixelValues, ids) = (Create(name, new ReferenceKernels()), Pixels(name), Ids(name));
        var expected = reference.Decode(reference.Encode(pixelValues, 2), ids).Logits;
        foreach (var kernels in VectorKernels.Available(2))
        {
            using var model = Create(name, kernels);
            var actual = model.Decode(model.Encode(pixelValues, 2), ids).Logits;
            Assert.True(Difference(expected, actual) <= LogitTolerance, $"{kernels.Name}: {Difference(expected, actual)}");
        }

        Assert.NotEqual(expected[..50], expected[(expected.Length / 2)..(expected.Length / 2 + 50)]);
    }

    [Fact]
    public void Encode_Batch_GivesTheBitsOfSingles()
    {
        using var model = Create("a-safetensors-fp32", KernelSet.Create(2));
        var pixelValues = Pixels("a-safetensors-fp32");
        var batch = model.Encode(pixelValues, 2).LastHiddenState.ToArray();
        var second = model.Encode(pixelValues.AsSpan(pixelValues.Length / 2), 1).LastHiddenState.ToArray();
        Assert.Equal(second, batch[(batch.Length / 2)..]);
    }

    [Fact]
    public void Encode_AfterDisposal_RefusesToBeRead()
    {
        using var model = Create("a-safetensors-fp32", KernelSet.Create(2));
        var encoded = model.Encode(Pixels("a-safetensors-fp32"), 2);
        using var session = model.StartDecoding(encoded);
        encoded.Dispose();
        encoded.Dispose();
        Assert.Throws<ObjectDisposedException>(() => encoded.LastHiddenState);
        Assert.Throws<ObjectDisposedException>(() => model.StartDecoding(encoded));
        session.Step([0, 0], 1, new float[2 * session.VocabularySize]); // what was started goes on
    }

    [Fact]
    public void StartDecoding_StepsAndReorder_EqualTheWholeSequence()
    {
        using var model = Create("t-distil6", KernelSet.Create(1));
        var encoded = model.Encode(Pixels("t-distil6"), 2);
        var vocabularySize = model.Config.Decoder.VocabSize;
        using var session = model.StartDecoding(encoded, rowsPerImage: 2);
        var logits = new float[4 * vocabularySize];
        session.Step([5, 6, 7, 8], 1, logits);
        session.Reorder([1, 1, 2, 2]);
        session.Step([9, 10, 11, 12], 1, logits);
        var whole = model.Decode(encoded, [6, 9, 7, 11]).Logits;
        var other = model.Decode(encoded, [6, 10, 7, 12]).Logits;
        AssertRow(whole, 1, logits, 0);
        AssertRow(other, 1, logits, 1);
        AssertRow(whole, 3, logits, 2);
        AssertRow(other, 3, logits, 3);

        void AssertRow(float[] expected, int row, float[] actual, int actualRow) => Assert.True(Difference(
            expected[(row * vocabularySize)..((row + 1) * vocabularySize)], actual[(actualRow * vocabularySize)..((actualRow + 1) * vocabularySize)]) <= LogitTolerance);
    }

    [Fact]
    public void StartDecoding_LongerThanThePositions_SaysSo()
    {
        using var model = Create("t-base", KernelSet.Create(1));
        using var session = model.StartDecoding(model.Encode(Pixels("t-base"), 2));
        var logits = new float[2 * session.VocabularySize];
        for (var i = 0; i < session.MaxPositions; i++)
            session.Step([1, 2], 1, logits);
        Assert.Contains($"{session.MaxPositions} positions", Assert.Throws<SightlineException>(() => session.Step([1, 2], 1, logits)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_MissingMisshapenAndSurplusTensors_AreListedTogether()
    {
        using var source = SafetensorsFile.Open(Fixture.Path("checkpoints", "a-safetensors-fp32", "model.safetensors"));
        var changed = new ChangedSource(source);
        var config = VisionEncoderDecoderConfig.Load(Fixture.Path("checkpoints", "a-safetensors-fp32"));
        var e = Assert.Throws<CheckpointException>(() => VisionEncoderDecoderModel.Create(config, changed));
        foreach (var part in new[] { "'decoder.transformer.h.0.attn.c_attn.weight' [32, 96] is missing", "'encoder.layernorm.bias' is [32, 1]; config.json needs [32]", "not used: 'decoder.transformer.h.0.attn.c_attn.weights'" })
            Assert.Contains(part, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Theory]
    [InlineData("module.")]
    [InlineData("_orig_mod.")]
    public void Load_WrappedNamesAndLegacyNorms_AreUnderstood(string prefix)
    {
        using var source = SafetensorsFile.Open(Fixture.Path("checkpoints", "a-safetensors-fp32", "model.safetensors"));
        using var renamed = new RenamedSource(source, name => prefix + name.Replace("layernorm.weight", "layernorm.gamma", StringComparison.Ordinal).Replace("layernorm.bias", "layernorm.beta", StringComparison.Ordinal));
        var config = VisionEncoderDecoderConfig.Load(Fixture.Path("checkpoints", "a-safetensors-fp32"));
        using var model = VisionEncoderDecoderModel.Create(config, renamed);
        using var plain = VisionEncoderDecoderModel.Create(config, source);
        Assert.Empty(model.SurplusTensors);
        Assert.Equal(plain.Encode(Pixels("a-safetensors-fp32"), 2).LastHiddenState.ToArray(), model.Encode(Pixels("a-safetensors-fp32"), 2).LastHiddenState.ToArray());
    }

    [Fact]
    public void Encode_WrongNumberOfValues_NamesBothShapes()
    {
        using var model = Create("t-base", KernelSet.Create(1));
        Assert.Contains("[1, 3, 32, 32] needs 3072", Assert.Throws<ArgumentException>(() => model.Encode(new float[5])).Message, StringComparison.Ordinal);
        Assert.Throws<SightlineException>(() => model.Decode(model.Encode(new float[3072]), [99999]));
        Assert.Throws<NotSupportedException>(() => Create("i-deit", KernelSet.Create(1)).Encode(new float[3 * 48 * 48], 1, 48, 48));
    }

    [Fact]
    public void ShiftTokensRight_NoIdsInTheConfig_SaysWhichIsMissing()
    {
        using var model = Create("k-nested-ids", KernelSet.Create(1));
        Assert.Contains("decoder_start_token_id", Assert.Throws<ConfigurationException>(() => model.ShiftTokensRight([1, 2], 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CrossEntropy_OnlyIgnoredLabels_IsNaN()
    {
        Assert.True(double.IsNaN(CrossEntropy.Mean(new float[6], [-100, -100])));
        Assert.Equal(Math.Log(3), CrossEntropy.Mean(new float[6], [-100, 2]), 1e-12);
    }

    private static VisionEncoderDecoderModel Create(string name, KernelSet kernels)
    {
        var folder = Fixture.Path("checkpoints", name);
        using var tensors = Checkpoint.Open(folder);
        return VisionEncoderDecoderModel.Create(VisionEncoderDecoderConfig.Load(folder), tensors, kernels, folder);
    }

    private static float[] Pixels(string name)
    {
        using var golden = SafetensorsFile.Open(Fixture.Path("forward", name + ".safetensors"));
        return golden.ReadSingles("pixel_values");
    }

    private static int[] Ids(string name)
    {
        using var golden = SafetensorsFile.Open(Fixture.Path("forward", name + ".safetensors"));
        return [.. golden.ReadInt64s("decoder_input_ids").Select(id => (int)id)];
    }

    private static float Difference(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        return expected.Zip(actual, (a, b) => Math.Abs(a - b)).Max();
    }

    private class RenamedSource(TensorSource inner, Func<string, string> rename) : TensorSource
    {
        private readonly Dictionary<string, string> _originals = inner.Tensors.Keys.ToDictionary(rename);

        public override IReadOnlyDictionary<string, TensorInfo> Tensors => _originals.ToDictionary(pair => pair.Key, pair => Describe(inner.Find(pair.Value) with { Name = pair.Key }));

        public override ReadOnlyMemory<byte> GetMemory(string name) => inner.GetMemory(_originals[name]);

        protected virtual TensorInfo Describe(TensorInfo info) => info;

        protected override void Dispose(bool disposing)
        {
        }
    }

    private sealed class ChangedSource(TensorSource inner) : RenamedSource(inner, name => name == "decoder.transformer.h.0.attn.c_attn.weight" ? name + "s" : name)
    {
        protected override TensorInfo Describe(TensorInfo info) => info.Name == "encoder.layernorm.bias" ? info with { Shape = [32, 1] } : info;
    }
}
