using Sightline.Kernels;
using Xunit;

namespace Sightline.Tests.Kernels;

/// <summary>Every vector width this machine has, judged by the reference kernels.</summary>
public sealed class KernelTests
{
    // Relative to the size of the terms: sums of up to 130 products of numbers near 1.
    private const float Tolerance = 2e-5f;

    private static readonly KernelSet s_reference = new ReferenceKernels();

    public static TheoryData<string> Widths() => [.. VectorKernels.Available(1).Select(k => k.Name)];

    public static TheoryData<string, int, int, int> LinearShapes()
    {
        var data = new TheoryData<string, int, int, int>();
        foreach (var name in VectorKernels.Available(1).Select(k => k.Name))
        {
            foreach (var rows in new[] { 0, 1, 2, 3, 4, 5, 9, 12, 31 })
            {
                foreach (var width in new[] { 1, 3, 4, 7, 8, 15, 16, 17, 28, 33, 130 })
                    data.Add(name, rows, width, (width * 7 % 19) + 1);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(LinearShapes))]
    public void Linear_AnyShape_EqualsReference(string name, int rows, int inFeatures, int outFeatures)
    {
        var random = new Random(1);
        var weight = Values(random, inFeatures * outFeatures);
        foreach (var bias in new[] { null, Values(random, outFeatures) })
        {
            var input = Values(random, rows * inFeatures);
            var expected = new float[rows * outFeatures];
            s_reference.Linear(weight, WeightLayout.OutIn, bias, inFeatures, outFeatures).Forward(input, rows, expected);
            foreach (var threads in new[] { 1, 2 })
            {
                using var guarded = new GuardedBuffer(input);
                var actual = new float[rows * outFeatures];
                Find(name, threads).Linear(weight, WeightLayout.OutIn, bias, inFeatures, outFeatures).Forward(guarded.Span, rows, actual);
                AssertClose(expected, actual, Tolerance);
                Find(name, threads).Linear(Transpose(weight, outFeatures), WeightLayout.InOut, bias, inFeatures, outFeatures).Forward(guarded.Span, rows, actual);
                AssertClose(expected, actual, Tolerance);
            }

            var row = new float[inFeatures];
            Find(name, 1).Linear(weight, WeightLayout.OutIn, bias, inFeatures, outFeatures).CopyWeightRow(outFeatures - 1, row);
            Assert.Equal(weight[^inFeatures..], row);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Linear_LargeEnoughForThreads_GivesTheBitsOfOneThread(string name)
    {
        var random = new Random(2);
        const int Rows = 43, In = 300, Out = 203; // every kind of tile, and more than one block of inputs
        var (weight, bias, input) = (Values(random, In * Out), Values(random, Out), Values(random, Rows * In));
        var one = new float[Rows * Out];
        var two = new float[Rows * Out];
        Find(name, 1).Linear(weight, WeightLayout.OutIn, bias, In, Out).Forward(input, Rows, one);
        Find(name, 2).Linear(weight, WeightLayout.OutIn, bias, In, Out).Forward(input, Rows, two);
        Assert.Equal(one, two);
        var layer = Find(name, 1).Linear(weight, WeightLayout.OutIn, bias, In, Out);
        var single = new float[Out];
        for (var row = 0; row < Rows; row++)
        {
            layer.Forward(input.AsSpan(row * In), 1, single);
            Assert.Equal(one[(row * Out)..((row + 1) * Out)], single);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void LayerNorm_AnyWidth_EqualsReference(string name)
    {
        var random = new Random(3);
        foreach (var width in new[] { 1, 2, 7, 8, 16, 17, 40, 768 })
        {
            var (input, gamma, beta) = (Values(random, 3 * width), Values(random, width), Values(random, width));
            var expected = new float[input.Length];
            var actual = new float[input.Length];
            s_reference.LayerNorm(input, gamma, beta, 1e-5, expected);
            Find(name, 1).LayerNorm(input, gamma, beta, 1e-5, actual);
            AssertClose(expected, actual, Tolerance);
            Find(name, 1).LayerNorm(input, gamma, beta, 1e-5, input);
            Assert.Equal(actual, input);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Activate_EveryFunction_EqualsReference(string name)
    {
        foreach (var function in Enum.GetValues<Activation>())
        {
            foreach (var length in new[] { 0, 1, 15, 16, 17, 255, 257, 70_001 })
            {
                var values = new float[length];
                for (var i = 0; i < length; i++)
                    values[i] = (i % 2001 - 1000) * 0.011f;
                var expected = values.ToArray();
                s_reference.Activate(function, expected);
                Find(name, 2).Activate(function, values);
                AssertClose(expected, values, 2e-6f);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Attention_MaskedAndCausal_EqualsReference(string name)
    {
        var random = new Random(4);
        foreach (var (heads, dim, queryLength, keyLength, causal, masked) in new[]
                 {
                     (1, 1, 1, 1, false, false), (4, 8, 5, 5, true, false), (2, 7, 1, 9, true, false), (3, 64, 17, 17, false, false),
                     (2, 12, 3, 7, true, true), (12, 64, 40, 50, false, true),
                 })
        {
            var stride = (heads * dim) + 3;
            var shape = Shape(1, heads, dim, queryLength, keyLength, stride, stride, 0.37f, causal);
            var (q, k, v) = (Values(random, queryLength * stride), Values(random, keyLength * stride), Values(random, keyLength * stride));
            byte[] mask = masked ? [.. Enumerable.Range(0, keyLength).Select(j => (byte)(j % 3 == 0 ? 0 : 1))] : [];
            if (masked)
                mask[0] = 1;
            var (expected, actual) = (new float[queryLength * heads * dim], new float[queryLength * heads * dim]);
            var (expectedWeights, weights) = (new float[heads * queryLength * keyLength], new float[heads * queryLength * keyLength]);
            s_reference.Attention(shape, q, k, v, [], mask, expected, expectedWeights);
            Find(name, 2).Attention(shape, q, k, v, [], mask, actual, weights);
            AssertClose(expected, actual, Tolerance);
            AssertClose(expectedWeights, weights, Tolerance);
            Array.Clear(actual);
            Find(name, 1).Attention(shape, q, k, v, [], mask, actual, []);
            AssertClose(expected, actual, Tolerance);
            Assert.Equal(1, weights[..keyLength].Sum(), 1e-5f);

            // Keys and values of each head by themselves, as cross-attention keeps them: the same bits.
            var apart = new float[actual.Length];
            Find(name, 2).Attention(shape with { KeyStride = dim, KeyHeadStride = keyLength * dim }, q, ByHead(k, heads, dim, stride), ByHead(v, heads, dim, stride), [], mask, apart, []);
            Assert.Equal(actual, apart);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Attention_InRoundedFormats_EqualsReferenceOnRoundedInputs(string name)
    {
        var random = new Random(5);
        foreach (var (heads, dim, queryLength, keyLength, batch) in new[] { (1, 1, 1, 1, 1), (2, 7, 1, 9, 3), (3, 64, 17, 17, 1), (2, 80, 5, 66, 2), (12, 64, 50, 197, 1), (12, 64, 4, 197, 2) })
        {
            var hidden = heads * dim;
            var shape = Shape(batch, heads, dim, queryLength, keyLength, hidden + 1, (2 * hidden) + 3, 0.11f);
            var (q, k, v) = (Rounded(batch * queryLength * shape.QueryStride), Rounded(batch * keyLength * shape.KeyStride), Rounded(batch * keyLength * shape.KeyStride));
            var (expected, expectedWeights) = (new float[batch * queryLength * hidden], new float[batch * heads * queryLength * keyLength]);
            s_reference.Attention(shape, q, k, v, [], [], expected, expectedWeights);

            // The sums are fp32; only the weights are rounded on their way to the second product, by half of 2⁻⁸ at most.
            var kernels = VectorKernels.Available(2, WeightFormat.Bf16).Single(kernels => kernels.Name == name);
            var packed = new byte[kernels.PackedKeysAndValuesSize(shape)];
            kernels.PackKeysAndValues(shape, k, v, packed);
            var (actual, weights) = (new float[expected.Length], new float[expectedWeights.Length]);
            kernels.Attention(shape, q, packed, actual, weights);
            AssertClose(expectedWeights, weights, 1e-4f);
            AssertClose(expected, actual, 1f / 256);
            Assert.NotEqual(VectorKernels.Available(2).Single(kernels => kernels.Name == name).PackedKeysAndValuesSize(shape), packed.Length);

            // Without packing first: the same bits.
            var once = new float[actual.Length];
            kernels.Attention(shape, q, k, v, [], [], once, []);
            Assert.Equal(actual, once);
        }

        float[] Rounded(int count) => [.. Values(random, count).Select(value => BitConverter.UInt32BitsToSingle((uint)WeightPacker.ToBf16(value) << 16))];
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Attention_ToKeptKeysAndValues_GivesTheBitsOfThoseWhereTheyLie(string name)
    {
        var random = new Random(6);
        const int Heads = 3, Dim = 20, Keys = 11, Queries = 2, Batch = 2, Hidden = Heads * Dim;
        var shape = Shape(Batch, Heads, Dim, Queries, Keys, Hidden, 2 * Hidden, 0.3f);
        var (q, kv) = (Values(random, Batch * Queries * Hidden), Values(random, Batch * Keys * 2 * Hidden));
        var kernels = Find(name, 2);
        var packed = new byte[kernels.PackedKeysAndValuesSize(shape)];
        kernels.PackKeysAndValues(shape, kv, kv.AsSpan(Hidden), packed);
        var (expected, actual) = (new float[Batch * Queries * Hidden], new float[Batch * Queries * Hidden]);
        var (expectedWeights, weights) = (new float[Batch * Heads * Queries * Keys], new float[Batch * Heads * Queries * Keys]);
        kernels.Attention(shape, q, kv, kv.AsSpan(Hidden), [], [], expected, expectedWeights);
        kernels.Attention(shape, q, packed, actual, weights);
        Assert.Equal(expected, actual);
        Assert.Equal(expectedWeights, weights);
        Assert.True(actual.AsSpan(Queries * Hidden).ContainsAnyExcept(0f));
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Attention_OfABatchWithOffsetsAndMask_EqualsReference(string name)
    {
        var random = new Random(7);
        const int Batch = 9, Heads = 4, Dim = 24, Queries = 1, Keys = 13, Hidden = Heads * Dim;
        var shape = Shape(Batch, Heads, Dim, Queries, Keys, 3 * Hidden, 0, 0.4f, true);
        var (q, k, v) = (Values(random, Batch * Queries * 3 * Hidden), Values(random, 40 * Hidden), Values(random, 40 * Hidden));
        int[] offsets = [.. Enumerable.Range(0, Batch * Keys).Select(_ => random.Next(40) * Hidden)];
        byte[] mask = [.. Enumerable.Range(0, Batch * Keys).Select(i => (byte)(i % 5 == 2 ? 0 : 1))];
        var (expected, actual) = (new float[Batch * Queries * Hidden], new float[Batch * Queries * Hidden]);
        var (expectedWeights, weights) = (new float[Batch * Heads * Queries * Keys], new float[Batch * Heads * Queries * Keys]);
        s_reference.Attention(shape, q, k, v, offsets, mask, expected, expectedWeights);
        Find(name, 2).Attention(shape, q, k, v, offsets, mask, actual, weights);
        AssertClose(expected, actual, Tolerance);
        AssertClose(expectedWeights, weights, Tolerance);
        Assert.All(Enumerable.Range(0, Batch), b => Assert.True(actual.AsSpan(b * Hidden, Hidden).ContainsAnyExcept(0f)));
    }

    private static AttentionShape Shape(int batch, int heads, int dim, int queryLength, int keyLength, int queryStride, int keyStride, float scale, bool causal = false) => new()
    {
        Batch = batch,
        Heads = heads,
        HeadDim = dim,
        QueryLength = queryLength,
        KeyLength = keyLength,
        QueryStride = queryStride,
        KeyStride = keyStride,
        OutputStride = heads * dim,
        Scale = scale,
        Causal = causal,
    };

    private static float[] ByHead(float[] rows, int heads, int dim, int stride) =>
        [.. Enumerable.Range(0, heads).SelectMany(head => Enumerable.Range(0, rows.Length / stride).SelectMany(row => rows[((row * stride) + (head * dim))..][..dim]))];

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.5, 0.52049987781304653768)]
    [InlineData(1, 0.84270079294971486934)]
    [InlineData(-2, -0.99532226501895273416)]
    [InlineData(3.5, 0.99999925690162765859)]
    [InlineData(7, 1)]
    public void Erf_TabulatedArgument_GivesTheTabulatedValue(double x, double expected) =>
        Assert.Equal(expected, ReferenceKernels.Erf(x), 4e-15); // some dozens of roundings of a series

    private static KernelSet Find(string name, int threads) => VectorKernels.Available(threads).Single(k => k.Name == name);

    private static float[] Transpose(float[] weight, int rows) =>
        [.. Enumerable.Range(0, weight.Length).Select(i => weight[i % rows * (weight.Length / rows) + i / rows])];

    private static float[] Values(Random random, int count)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++)
            values[i] = (random.NextSingle() * 4) - 2;
        return values;
    }

    private static void AssertClose(float[] expected, float[] actual, float tolerance)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            var difference = Math.Abs(expected[i] - actual[i]);
            Assert.True(difference <= tolerance * (1 + Math.Abs(expected[i])), $"[{i}]: {actual[i]} instead of {expected[i]}");
        }
    }
}
