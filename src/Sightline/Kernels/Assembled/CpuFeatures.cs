using System.Runtime.Intrinsics.X86;

namespace Sightline.Kernels.Assembled;

/// <summary>
/// What the processor and the operating system allow beyond .NET's intrinsics, by CPUID. <c>DOTNET_EnableAVX512=0</c> and
/// <c>DOTNET_EnableHWIntrinsic=0</c> switch these off too, where the program is compiled at run time.
/// </summary>
internal static class CpuFeatures
{
    /// <summary>vpdpbusd on 512-bit registers.</summary>
    public static bool HasAvx512Vnni { get; } = HasAvx512 && Bit(7, 0, register: 2, 11);

    /// <summary>vdpbf16ps on 512-bit registers.</summary>
    public static bool HasAvx512Bf16 { get; } = HasAvx512 && Bit(7, 1, register: 0, 5);

    /// <summary>AVX512F and BW, not disabled for .NET, with the registers saved by the operating system.</summary>
    private static bool HasAvx512 =>
        X86Base.IsSupported && !DisabledForDotNet && Bit(1, 0, register: 2, 27) && SavesAvx512() && Bit(7, 0, register: 1, 16) && Bit(7, 0, register: 1, 30);

    private static bool DisabledForDotNet =>
        Environment.GetEnvironmentVariable("DOTNET_EnableAVX512") == "0" || Environment.GetEnvironmentVariable("DOTNET_EnableAVX2") == "0"
        || Environment.GetEnvironmentVariable("DOTNET_EnableAVX") == "0" || Environment.GetEnvironmentVariable("DOTNET_EnableHWIntrinsic") == "0";

    private static bool Bit(int leaf, int subleaf, int register, int bit)
    {
        if (!X86Base.IsSupported || X86Base.CpuId(0, 0).Eax < leaf || X86Base.CpuId(leaf, 0).Eax < subleaf && subleaf > 0)
            return false;
        var (eax, ebx, ecx, edx) = X86Base.CpuId(leaf, subleaf);
        return ((register switch { 0 => eax, 1 => ebx, 2 => ecx, _ => edx }) >> bit & 1) != 0;
    }

    // XCR0: SSE, AVX, opmask and both parts of the ZMM registers.
    private static bool SavesAvx512() => (ExtendedControl.Read() & 0xE6) == 0xE6;
}
