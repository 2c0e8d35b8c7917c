using System.Runtime.InteropServices;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Sightline.Training.Kernels;

/// <summary>A flat, contiguous CPU tensor as spans, in blocks that several threads work on.</summary>
/// <remarks>The tensor must outlive the buffer; nothing here keeps it alive.</remarks>
internal readonly unsafe struct FlatBuffer
{
    /// <summary>Values of a block: 256 KB of floats, so that the four buffers of a block stay in a core's cache.</summary>
    public const int BlockLength = 1 << 16;

    private readonly byte* _start;
    private readonly ScalarType _type;

    public FlatBuffer(Tensor tensor)
    {
        using var first = tensor.narrow(0, 0, 1); // .bytes refuses tensors above 2 GB
        _start = (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(first.bytes));
        _type = tensor.dtype;
        Length = tensor.numel();
    }

    /// <summary>Values in all.</summary>
    public long Length { get; }

    /// <summary>Where the first value lies.</summary>
    public nint Address => (nint)_start;

    /// <summary>Number of blocks.</summary>
    public int BlockCount => (int)((Length + BlockLength - 1) / BlockLength);

    /// <summary>Values of block <paramref name="block"/>; the last may be shorter. For fp32 tensors.</summary>
    public Span<float> Block(int block) => new((float*)_start + ((long)block * BlockLength), BlockSize(block));

    /// <summary>Writes the block's values as fp32 into <paramref name="target"/>.</summary>
    public void Widen(int block, Span<float> target)
    {
        if (_type == ScalarType.Float16)
        {
            TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>((Half*)_start + ((long)block * BlockLength), target.Length), target);
            return;
        }

        var words = new ReadOnlySpan<ushort>((ushort*)_start + ((long)block * BlockLength), target.Length);
        for (var i = 0; i < target.Length; i++)
            target[i] = BFloat16Words.Widen(words[i]);
    }

    /// <summary>Writes fp32 values into the block, rounded to nearest even.</summary>
    public void Narrow(int block, ReadOnlySpan<float> source)
    {
        if (_type == ScalarType.Float16)
        {
            TensorPrimitives.ConvertToHalf(source, new Span<Half>((Half*)_start + ((long)block * BlockLength), source.Length));
            return;
        }

        var words = new Span<ushort>((ushort*)_start + ((long)block * BlockLength), source.Length);
        for (var i = 0; i < source.Length; i++)
            words[i] = BFloat16Words.Narrow(source[i]);
    }

    /// <summary>Sets the block's values to zero.</summary>
    public void Clear(int block)
    {
        var width = _type == ScalarType.Float32 ? sizeof(float) : sizeof(ushort);
        new Span<byte>(_start + ((long)block * BlockLength * width), BlockSize(block) * width).Clear();
    }

    /// <summary>Whether values are fp32, so that <see cref="Block"/> applies.</summary>
    public bool IsSingle => _type == ScalarType.Float32;

    /// <summary>Values of a block.</summary>
    public int BlockSize(int block) => (int)Math.Min(BlockLength, Length - ((long)block * BlockLength));
}
