namespace Sightline.Kernels;

/// <summary>Every kind as its description reads: the judge of the others, and what runs where there is no vector hardware.</summary>
internal sealed unsafe class ReferenceDot(DotKind kind) : PanelDot
{
    public override string Name => "reference";

    public override int MaxRows => 4;

    public override void Multiply(byte* x, nint xStride, int rows, byte* panel, int steps, void* sums, byte* next, int ahead)
    {
        for (var r = 0; r < rows; r++)
        {
            for (var o = 0; o < Width; o++)
            {
                var row = x + (r * xStride);
                var w = panel + (4 * o);
                switch (kind)
                {
                    case DotKind.Int8:
                        ((int*)sums)[(r * Width) + o] = Int8((sbyte*)row, w, steps);
                        break;
                    case DotKind.Int4:
                        ((int*)sums)[(r * Width) + o] = Int4((sbyte*)row, w, steps);
                        break;
                    default:
                        ((float*)sums)[(r * Width) + o] = Bf16((ushort*)row, (ushort*)w, steps);
                        break;
                }
            }
        }
    }

    private static int Int8(sbyte* x, byte* w, int steps)
    {
        var sum = 0;
        for (var i = 0; i < steps; i++, x += 4, w += StepBytes)
            sum += (x[0] * w[0]) + (x[1] * w[1]) + (x[2] * w[2]) + (x[3] * w[3]);
        return sum;
    }

    private static int Int4(sbyte* x, byte* w, int steps)
    {
        var sum = 0;
        for (var i = 0; i < steps; i++, x += 8, w += StepBytes)
        {
            for (var j = 0; j < 4; j++)
                sum += (x[j] * (w[j] & 15)) + (x[j + 4] * (w[j] >> 4));
        }

        return sum;
    }

    private static float Bf16(ushort* x, ushort* w, int steps)
    {
        double sum = 0;
        for (var i = 0; i < steps; i++, x += 2, w += StepBytes / 2)
            sum += ((double)Widen(x[0]) * Widen(w[0])) + ((double)Widen(x[1]) * Widen(w[1]));
        return (float)sum;
    }

    private static float Widen(ushort value) => BitConverter.Int32BitsToSingle(value << 16);
}
