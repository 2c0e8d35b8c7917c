namespace Sightline.Training.Distributed;

/// <summary>Values that lie in one stretch of memory.</summary>
/// <param name="Address">The first one: in the process for MPI, on the GPU for NCCL.</param>
/// <param name="Count">Number of values.</param>
/// <param name="Element">Their type.</param>
public readonly record struct CollectiveBuffer(nint Address, long Count, CollectiveElement Element)
{
    /// <summary>Bytes of one value.</summary>
    public int ElementSize => Element == CollectiveElement.Fp32 ? sizeof(float) : sizeof(ushort);
}
