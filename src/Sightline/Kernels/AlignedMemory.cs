namespace Sightline.Kernels;

/// <summary>Arrays that the garbage collector does not move and that start at a cache line.</summary>
internal static unsafe class AlignedMemory
{
    /// <summary>Bytes of a cache line and of the widest register.</summary>
    public const int Alignment = 64;

    /// <summary>So many zero bytes.</summary>
    public static Memory<byte> Allocate(int length)
    {
        var array = GC.AllocateArray<byte>(checked(length + Alignment), pinned: true);
        fixed (byte* start = array)
            return array.AsMemory((int)(-(nint)start & (Alignment - 1)), length);
    }
}
