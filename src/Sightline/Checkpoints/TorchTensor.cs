namespace Sightline.Checkpoints;

/// <summary>A strided view into a <see cref="TorchStorage"/>, as a PyTorch file describes a tensor. Every element lies inside the storage.</summary>
/// <param name="Storage">What holds the elements.</param>
/// <param name="Offset">The first element, counted in elements.</param>
/// <param name="Shape">Sizes per dimension.</param>
/// <param name="Strides">Elements from one index to the next, per dimension; not negative.</param>
internal sealed record TorchTensor(TorchStorage Storage, long Offset, long[] Shape, long[] Strides)
{
    /// <summary>Views that repeat elements (expanded, stride 0) are made whole only up to this size.</summary>
    private const long MaxRepeatedBytes = 16 << 20;

    private const int MaxRank = 64;

    /// <summary>Number of elements.</summary>
    public long ElementCount => Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>True where the elements lie one after the other, last dimension fastest.</summary>
    public bool IsContiguous
    {
        get
        {
            var expected = 1L;
            for (var i = Shape.Length - 1; i >= 0; i--)
            {
                if (Shape[i] != 1 && Strides[i] != expected)
                    return ElementCount == 0;
                expected *= Math.Max(Shape[i], 1);
            }

            return true;
        }
    }

    /// <summary>What is wrong with the numbers, or null: checked before any of them is used.</summary>
    public static string? FindProblem(TorchStorage storage, long offset, long[] shape, long[] strides)
    {
        if (shape.Length != strides.Length || shape.Length > MaxRank)
            return $"{shape.Length} sizes and {strides.Length} strides (as many of both, at most {MaxRank}, are expected)";
        if (!TensorDTypes.TryGetByteCount(storage.DType, shape, out var bytes))
            return "a size that is negative, or sizes whose product is too large";
        if (offset < 0 || strides.Any(stride => stride < 0))
            return "a negative offset or stride";
        if (bytes == 0)
            return null;
        var last = (Int128)offset;
        for (var i = 0; i < shape.Length; i++)
            last += (Int128)(shape[i] - 1) * strides[i];
        if (last >= storage.ElementCount)
            return $"element {last} of a storage of {storage.ElementCount}";
        var limit = Math.Max(MaxRepeatedBytes, storage.ElementCount * storage.DType.Size());
        return bytes > limit ? $"{bytes} bytes over a storage of {storage.ElementCount * storage.DType.Size()} (an expanded view; save it contiguous)" : null;
    }

    /// <summary>Copies the elements out of the storage in row-major order.</summary>
    /// <param name="storage">The bytes of the storage, from the tensor's first element on.</param>
    public byte[] Gather(ReadOnlySpan<byte> storage)
    {
        var width = Storage.DType.Size();
        var result = new byte[ElementCount * width];
        var index = new long[Shape.Length];
        var at = 0L;
        for (var i = 0; i < result.Length; i += width)
        {
            storage.Slice((int)(at * width), width).CopyTo(result.AsSpan(i));
            for (var axis = Shape.Length - 1; axis >= 0; axis--)
            {
                at += Strides[axis];
                if (++index[axis] < Shape[axis])
                    break;
                at -= Strides[axis] * Shape[axis];
                index[axis] = 0;
            }
        }

        return result;
    }
}
