using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Sightline.Kernels.Assembled;

namespace Sightline.Kernels;

/// <summary>Picks the inner loop of a kind.</summary>
internal static class PanelDots
{
    /// <summary>The best one of this processor.</summary>
    public static PanelDot Create(DotKind kind) => Available(kind)[0];

    /// <summary>Every one that this processor can run, best first; the last runs anywhere.</summary>
    public static IReadOnlyList<PanelDot> Available(DotKind kind)
    {
        var dots = new List<PanelDot>();
        if (AssembledDot.TryCreate(kind) is { } assembled)
            dots.Add(assembled);
        if (kind == DotKind.Bf16)
        {
            if (Vector512.IsHardwareAccelerated)
                dots.Add(new VectorBf16Dot<Lanes512>());
            if (Vector256.IsHardwareAccelerated)
                dots.Add(new VectorBf16Dot<Lanes256>());
            if (Vector128.IsHardwareAccelerated)
                dots.Add(new VectorBf16Dot<Lanes128>());
        }
        else
        {
            if (AvxVnni.IsSupported)
                dots.Add(new Int8Dot256<VnniProducts>(kind));
            if (Avx2.IsSupported)
                dots.Add(new Int8Dot256<Avx2Products>(kind));
            if (Dp.IsSupported)
                dots.Add(new Int8Dot128<ArmProducts>(kind));
            if (Vector128.IsHardwareAccelerated)
                dots.Add(new Int8Dot128<WidenedProducts>(kind));
        }

        dots.Add(new ReferenceDot(kind));
        return dots;
    }
}
