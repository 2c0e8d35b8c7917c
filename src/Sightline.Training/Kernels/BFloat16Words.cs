namespace Sightline.Training.Kernels;

/// <summary>bf16 as the high halves of fp32 words: exact to widen, rounded to nearest even to narrow.</summary>
internal static class BFloat16Words
{
    /// <summary>Adds <paramref name="source"/> to <paramref name="target"/>, in fp32, and rounds.</summary>
    public static void Add(ReadOnlySpan<ushort> source, Span<ushort> target)
    {
        for (var i = 0; i < target.Length; i++)
            target[i] = Narrow(Widen(source[i]) + Widen(target[i]));
    }

    public static float Widen(ushort value) => BitConverter.UInt32BitsToSingle((uint)value << 16);

    public static ushort Narrow(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)0x7fc0 : (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }
}
