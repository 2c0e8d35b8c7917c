using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Sightline.Kernels;

/// <summary>Repacking of 8-bit pixels.</summary>
internal static class PixelKernels
{
    /// <summary>Drops every fourth byte.</summary>
    /// <param name="rgba">[count, 4].</param>
    /// <param name="rgb">At least [count, 3]; bytes beyond are untouched. Must not overlap the source.</param>
    public static void RgbaToRgb(ReadOnlySpan<byte> rgba, Span<byte> rgb)
    {
        Debug.Assert(rgba.Length % 4 == 0 && rgb.Length >= rgba.Length / 4 * 3);
        var count = rgba.Length / 4;
        var i = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            // 4 pixels a step; 16 bytes are stored of which 12 count, so the last steps are left to the scalar loop.
            var pack = Vector128.Create((byte)0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 0, 0, 0, 0);
            ref var source = ref MemoryMarshal.GetReference(rgba);
            ref var target = ref MemoryMarshal.GetReference(rgb);
            for (; i + 6 <= count; i += 4)
                Vector128.Shuffle(Vector128.LoadUnsafe(ref source, (nuint)(i * 4)), pack).StoreUnsafe(ref target, (nuint)(i * 3));
        }

        for (; i < count; i++)
            rgba.Slice(i * 4, 3).CopyTo(rgb[(i * 3)..]);
    }
}
