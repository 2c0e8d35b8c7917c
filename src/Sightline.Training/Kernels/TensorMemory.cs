using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Sightline.Training.Kernels;

/// <summary>The bytes of a contiguous CPU tensor as memory, without a copy. The tensor is held until this is disposed.</summary>
internal sealed unsafe class TensorMemory : MemoryManager<byte>
{
    private readonly Tensor _tensor;
    private readonly byte* _start;
    private readonly int _length;

    /// <param name="tensor">On the CPU and contiguous, below 2 GB; owned by this from now on.</param>
    public TensorMemory(Tensor tensor)
    {
        _tensor = tensor;
        var bytes = tensor.bytes;
        _start = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(bytes));
        _length = bytes.Length;
    }

    public override Span<byte> GetSpan() => new(_start, _length);

    public override MemoryHandle Pin(int elementIndex = 0) => new(_start + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing) => _tensor.Dispose();
}
