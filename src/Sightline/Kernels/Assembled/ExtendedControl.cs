namespace Sightline.Kernels.Assembled;

/// <summary>Reads XCR0, for which .NET has no intrinsic.</summary>
internal static unsafe class ExtendedControl
{
    /// <summary>XCR0; 0 where code cannot be made executable. The caller has checked OSXSAVE.</summary>
    public static ulong Read()
    {
        // xor ecx, ecx; xgetbv; shl rdx, 32; or rax, rdx; ret
        var code = ExecutableMemory.TryCreate([0x31, 0xC9, 0x0F, 0x01, 0xD0, 0x48, 0xC1, 0xE2, 0x20, 0x48, 0x09, 0xD0, 0xC3]);
        return code is null ? 0 : ((delegate* unmanaged<ulong>)code.Start)();
    }
}
