using Sightline.Kernels;
using Sightline.Kernels.Assembled;
using Xunit;

namespace Sightline.Tests.Kernels;

/// <summary>Every inner loop this machine can run, judged by the reference.</summary>
public sealed unsafe class PanelDotTests
{
    public static TheoryData<string, string> Loops() => Loops(Enum.GetValues<DotKind>());

    public static TheoryData<string, string> WholeNumberLoops() => Loops([DotKind.Int8, DotKind.Int4]);

    private static TheoryData<string, string> Loops(DotKind[] kinds)
    {
        var data = new TheoryData<string, string>();
        foreach (var kind in kinds)
        {
            foreach (var dot in PanelDots.Available(kind))
                data.Add(kind.ToString(), dot.Name);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Loops))]
    public void Multiply_AnyRowsAndSteps_EqualsReference(string kindName, string name)
    {
        var kind = Enum.Parse<DotKind>(kindName);
        var dot = PanelDots.Available(kind).Single(d => d.Name == name);
        var random = new Random(5);
        for (var rows = 1; rows <= dot.MaxRows; rows++)
        {
            foreach (var steps in new[] { 1, 2, 3, 8, 17, 192 })
            {
                // The rows end at a page that cannot be read.
                var rowBytes = steps * (kind == DotKind.Int4 ? 8 : 4);
                using var x = new GuardedBuffer(new float[rows * rowBytes / 4]);
                using var panel = new GuardedBuffer(new float[steps * PanelDot.StepBytes / 4]);
                Fill(random, kind, x, weights: false);
                Fill(random, kind, panel, weights: true);
                var expected = new int[rows * PanelDot.Width];
                var actual = new int[rows * PanelDot.Width];
                fixed (float* px = x.Span, pw = panel.Span)
                fixed (int* pe = expected, pa = actual)
                {
                    for (var done = 0; done < rows; done++)
                        new ReferenceDot(kind).Multiply((byte*)px + (done * rowBytes), rowBytes, 1, (byte*)pw, steps, pe + (done * PanelDot.Width), null, 64);
                    dot.Multiply((byte*)px, rowBytes, rows, (byte*)pw, steps, pa, null, 64 << (rows % 2));
                }

                if (kind != DotKind.Bf16)
                {
                    Assert.Equal(expected, actual); // whole numbers: exact
                    continue;
                }

                for (var i = 0; i < expected.Length; i++)
                {
                    var (e, a) = (BitConverter.Int32BitsToSingle(expected[i]), BitConverter.Int32BitsToSingle(actual[i]));
                    Assert.True(Math.Abs(e - a) <= 2e-6f * steps * 4, $"[{i}]: {a} instead of {e}"); // reduction order of terms up to 4
                }

                Assert.True(expected.Distinct().Count() > 16);
            }
        }
    }

    [Theory]
    [MemberData(nameof(WholeNumberLoops))]
    public void Multiply_ExtremeValues_DoesNotSaturate(string kindName, string name)
    {
        var kind = Enum.Parse<DotKind>(kindName);
        var dot = PanelDots.Available(kind).Single(d => d.Name == name);
        const int Steps = 768;
        var rowBytes = Steps * (kind == DotKind.Int4 ? 8 : 4);
        foreach (var (input, weight) in new (sbyte, byte)[] { (127, 255), (-127, 255), (127, 1), (-127, 1), (127, 128), (0, 255) })
        {
            var x = new sbyte[rowBytes];
            var panel = new byte[Steps * PanelDot.StepBytes];
            Array.Fill(x, input);
            Array.Fill(panel, weight);
            var actual = new int[PanelDot.Width];
            fixed (sbyte* px = x)
            fixed (byte* pw = panel)
            fixed (int* pa = actual)
                dot.Multiply((byte*)px, rowBytes, 1, pw, Steps, pa, null, 128);
            var perByte = kind == DotKind.Int8 ? weight : (weight & 15) + (weight >> 4);
            Assert.All(actual, sum => Assert.Equal(Steps * 4 * perByte * input, sum));
        }
    }

    [Fact]
    public void TryCreate_SwitchedOff_GivesNothing()
    {
        AppContext.SetSwitch("Sightline.DisableAssembledKernels", true);
        try
        {
            Assert.Null(AssembledDot.TryCreate(DotKind.Int8));
            Assert.DoesNotContain("assembled", PanelDots.Create(DotKind.Int8).Name, StringComparison.Ordinal);
        }
        finally
        {
            AppContext.SetSwitch("Sightline.DisableAssembledKernels", false);
        }
    }

    private static void Fill(Random random, DotKind kind, GuardedBuffer buffer, bool weights)
    {
        var bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(buffer.Span);
        if (kind == DotKind.Bf16)
        {
            var numbers = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ushort>(bytes);
            for (var i = 0; i < numbers.Length; i++)
                numbers[i] = WeightPacker.ToBf16((random.NextSingle() * 4) - 2);
            return;
        }

        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = weights ? (byte)random.Next(kind == DotKind.Int8 ? 1 : 0, 256) : (byte)random.Next(-127, 128);
    }
}
