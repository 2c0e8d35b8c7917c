using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Sightline.Kernels;

/// <summary>Arm's dot product: one instruction.</summary>
internal readonly struct ArmProducts : IByteProducts<Vector128<int>>
{
    public static string Name => "arm-dot";

    public static bool Signed => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> sum, Vector128<int> weight, Vector128<int> x) =>
        Dp.DotProduct(sum, weight.AsSByte(), x.AsSByte());
}
