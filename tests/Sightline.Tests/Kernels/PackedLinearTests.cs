using Sightline.Kernels;
using Xunit;

namespace Sightline.Tests.Kernels;

/// <summary>Packed formats against the plain layer on the rounded weights, and the promises that hold for all of them.</summary>
public sealed class PackedLinearTests
{
    public static TheoryData<WeightFormat, int, int, int, int> Shapes()
    {
        var data = new TheoryData<WeightFormat, int, int, int, int>();
        foreach (var format in new[] { WeightFormat.Bf16, WeightFormat.Int8, WeightFormat.Int4 })
        {
            foreach (var role in new[] { LinearRole.Encoder, LinearRole.Decoder })
            {
                foreach (var (rows, inFeatures, outFeatures) in new[] { (0, 4, 4), (1, 1, 1), (1, 3, 70), (2, 130, 64), (5, 32, 65), (7, 127, 63), (13, 129, 128), (40, 257, 130), (211, 66, 200) })
                    data.Add(format, (int)role, rows, inFeatures, outFeatures);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Forward_AnyShape_IsNearTheLayerOfTheRoundedWeights(WeightFormat format, int roleNumber, int rows, int inFeatures, int outFeatures)
    {
        var role = (LinearRole)roleNumber;
        var random = new Random(6);
        var (weight, bias, input) = (Values(random, inFeatures * outFeatures), Values(random, outFeatures), Values(random, rows * inFeatures));
        var kind = FormatPlan.Kind(format, role)!.Value;
        var packed = WeightPacker.Pack(kind, weight, WeightLayout.OutIn, inFeatures, outFeatures);
        var expected = Values(new Random(7), rows * outFeatures);
        var start = expected.ToArray();
        var reference = new ReferenceKernels().Linear(packed, bias, role);
        reference.Forward(input, rows, expected, Activation.Relu, accumulate: true);

        // What rounding the inputs can cost: each by half a step of its row.
        var step = (kind == DotKind.Bf16, FormatPlan.Digits(role)) switch
        {
            (true, 1) => 1f / 256,
            (true, _) => 1f / 65536,
            (_, 1) => 1f / 127,
            _ => 1f / (127 * 254),
        };
        var tolerance = (0.5f * step * 2 * 2 * MathF.Sqrt(inFeatures) * 3) + 1e-4f;
        foreach (var kernels in VectorKernels.Available(2, format))
        {
            var actual = start.ToArray();
            var layer = kernels.Linear(weight, WeightLayout.OutIn, bias, inFeatures, outFeatures, role);
            layer.Forward(input, rows, actual, Activation.Relu, accumulate: true);
            for (var i = 0; i < expected.Length; i++)
                Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance, $"{kernels.Name} [{i}]: {actual[i]} instead of {expected[i]}, {tolerance} allowed");
            var (row, own) = (new float[inFeatures], new float[inFeatures]);
            layer.CopyWeightRow(outFeatures - 1, row);
            reference.CopyWeightRow(outFeatures - 1, own);
            Assert.Equal(own, row);
        }
    }

    [Theory]
    [InlineData(WeightFormat.Int8)]
    [InlineData(WeightFormat.Int4)]
    [InlineData(WeightFormat.Bf16)]
    public void Forward_Batch_GivesTheBitsOfItsRows(WeightFormat format)
    {
        var random = new Random(8);
        const int Rows = 131, In = 260, Out = 190;
        var (weight, bias, input) = (Values(random, In * Out), Values(random, Out), Values(random, Rows * In));
        foreach (var role in new[] { LinearRole.Encoder, LinearRole.Decoder })
        {
            var layer = KernelSet.Create(2, format).Linear(weight, WeightLayout.InOut, bias, In, Out, role);
            var (batch, single) = (new float[Rows * Out], new float[Out]);
            layer.Forward(input, Rows, batch);
            foreach (var row in new[] { 0, 1, 77, Rows - 1 })
            {
                layer.Forward(input.AsSpan(row * In, In), 1, single);
                Assert.Equal(batch.AsSpan(row * Out, Out).ToArray(), single);
            }
        }
    }

    [Fact]
    public void Forward_Int8_GivesTheSameBitsOnEveryKindOfProcessor()
    {
        var random = new Random(9);
        const int Rows = 9, In = 200, Out = 130;
        var (weight, bias, input) = (Values(random, In * Out), Values(random, Out), Values(random, Rows * In));
        var packed = WeightPacker.Pack(DotKind.Int8, weight, WeightLayout.OutIn, In, Out);
        float[]? first = null;
        foreach (var dot in PanelDots.Available(DotKind.Int8))
        {
            foreach (var layer in new LinearLayer[] { new PackedLinear<Lanes512>(packed, bias, 2, dot, WorkerPool.Get(1)), new PackedLinear<Lanes128>(packed, bias, 2, dot, WorkerPool.Get(2)) })
            {
                var output = new float[Rows * Out];
                layer.Forward(input, Rows, output);
                Assert.Equal(first ??= output, output);
            }
        }
    }

    [Theory]
    [InlineData(WeightFormat.Int8, 0.02)]
    [InlineData(WeightFormat.Int4, 0.26)]
    [InlineData(WeightFormat.Bf16, 0.01)]
    public void Pack_Weights_AreNearTheirValues(WeightFormat format, double tolerance)
    {
        var weight = Values(new Random(10), 300 * 70);
        var kind = FormatPlan.Kind(format, LinearRole.Decoder)!.Value;
        foreach (var layout in Enum.GetValues<WeightLayout>())
        {
            var packed = WeightPacker.Pack(kind, weight, layout, 300, 70);
            var row = new float[300];
            for (var o = 0; o < 70; o++)
            {
                WeightPacker.CopyRow(packed, o, row);
                for (var i = 0; i < 300; i++)
                    Assert.Equal(weight[layout == WeightLayout.OutIn ? (o * 300) + i : (i * 70) + o], row[i], tolerance);
            }
        }
    }

    [Theory]
    [InlineData(WeightFormat.Int8)]
    [InlineData(WeightFormat.Int4)]
    [InlineData(WeightFormat.Bf16)]
    public void Forward_Head_CorrectsTheGreatest(WeightFormat format)
    {
        var random = new Random(12);
        const int Rows = 5, In = 163, Out = 9001;
        var (weight, input) = (Values(random, In * Out), Values(random, Rows * In));
        var (exact, rounded, batch, single) = (new float[Rows * Out], new float[Rows * Out], new float[Rows * Out], new float[Out]);
        new ReferenceKernels().Linear(weight, WeightLayout.OutIn, null, In, Out).Forward(input, Rows, exact);
        var packed = WeightPacker.Pack(format, LinearRole.Head, weight, WeightLayout.OutIn, In, Out);
        new ReferenceKernels().Linear(packed with { Remainder = null }, null, LinearRole.Head).Forward(input, Rows, rounded);
        foreach (var kernels in VectorKernels.Available(2, format))
        {
            var layer = kernels.Linear(weight, WeightLayout.OutIn, null, In, Out, LinearRole.Head);
            layer.Forward(input, Rows, batch);
            for (var row = 0; row < Rows; row++)
            {
                var rows = row * Out;
                float[] expected = exact[rows..(rows + Out)], coarse = rounded[rows..(rows + Out)], actual = batch[rows..(rows + Out)];
                var byGreatest = Enumerable.Range(0, Out).Zip(coarse).OrderByDescending(pair => pair.Second).Select(pair => pair.First).ToList();
                foreach (var o in byGreatest.Take(RefinedLinear.Candidates - 1))
                    Assert.Equal(expected[o], actual[o], 0.05f);
                Assert.Contains(byGreatest.Take(RefinedLinear.Candidates), o => Math.Abs(expected[o] - coarse[o]) > 0.5f); // what there was to correct
                foreach (var o in byGreatest.Skip(4 * RefinedLinear.Candidates))
                    Assert.Equal(coarse[o], actual[o], 0.02f);
                layer.Forward(input.AsSpan(row * In, In), 1, single);
                Assert.Equal(actual, single);
            }

            var token = new float[In];
            layer.CopyWeightRow(Out - 1, token);
            for (var i = 0; i < In; i++)
                Assert.Equal(weight[((Out - 1) * In) + i], token[i], 0.002f);
        }
    }

    [Fact]
    public void Forward_HeadOfTies_CorrectsAllOfThem()
    {
        var weight = Enumerable.Repeat(0.3f, 700 * 8).ToArray();
        weight[8 * 699] = 0.31f; // hidden by the rounding of its neighbours, to which it lends its scale
        weight[(8 * 699) + 1] = 2.4f;
        var layer = KernelSet.Create(2, WeightFormat.Int8).Linear(weight, WeightLayout.OutIn, null, 8, 700, LinearRole.Head);
        var output = new float[3 * 700];
        layer.Forward([.. Enumerable.Repeat(1f, 8), .. Enumerable.Repeat(0f, 8), float.NaN, .. Enumerable.Repeat(1f, 7)], 3, output);
        Assert.All(output[..699], value => Assert.Equal(2.4f, value, 0.001f));
        Assert.Equal(2.4f + 2.11f, output[699], 0.01f);
        Assert.All(output[700..1400], value => Assert.Equal(0, value));
        Assert.All(output[1400..], value => Assert.True(float.IsNaN(value)));
        Assert.Throws<NotSupportedException>(() => layer.Forward(new float[8], 1, output, Activation.Relu));
        Assert.Throws<NotSupportedException>(() => layer.Forward(new float[8], 1, output, accumulate: true));
    }

    [Fact]
    public void Forward_ZeroAndNotFiniteRows_GiveBiasAndNaN()
    {
        var layer = KernelSet.Create(1, WeightFormat.Int8).Linear([1, 2, 3, 4], WeightLayout.OutIn, [0.5f, -1], 2, 2, LinearRole.Decoder);
        var output = new float[6];
        layer.Forward([0, 0, float.NaN, 1, 1, float.PositiveInfinity], 3, output);
        Assert.Equal([0.5f, -1], output[..2]);
        Assert.All(output[2..], value => Assert.True(float.IsNaN(value)));
    }

    private static float[] Values(Random random, int count)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++)
            values[i] = (random.NextSingle() * 4) - 2;
        return values;
    }
}
