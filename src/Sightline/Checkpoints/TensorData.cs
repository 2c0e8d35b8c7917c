namespace Sightline.Checkpoints;

/// <summary>A tensor with its elements, to be written.</summary>
/// <param name="Name">The key in the checkpoint.</param>
/// <param name="DType">Element type.</param>
/// <param name="Shape">Sizes per dimension; empty for a scalar.</param>
/// <param name="Bytes">The elements, row-major and contiguous, little-endian. Tensors with equal memories are taken as one that has several names.</param>
public sealed record TensorData(string Name, TensorDType DType, IReadOnlyList<long> Shape, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>A tensor of 32-bit floats.</summary>
    /// <param name="name">The key in the checkpoint.</param>
    /// <param name="shape">Sizes per dimension.</param>
    /// <param name="values">The elements, row-major; they are copied.</param>
    public static TensorData FromSingles(string name, IReadOnlyList<long> shape, ReadOnlySpan<float> values) =>
        new(name, TensorDType.F32, shape, System.Runtime.InteropServices.MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>Checks names and sizes of tensors that are to be written together.</summary>
    /// <exception cref="ArgumentException">A name is empty, reserved, used twice or not valid Unicode, or the number of bytes does not fit shape and type.</exception>
    internal static IReadOnlyList<TensorData> Checked(IEnumerable<TensorData> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        var list = tensors.ToList();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var tensor in list)
        {
            var quoted = MessageText.Quote(tensor.Name);
            if (tensor.Name is "" or "__metadata__" || !IsUnicode(tensor.Name))
                throw new ArgumentException($"{quoted} cannot be the name of a tensor.", nameof(tensors));
            if (!names.Add(tensor.Name))
                throw new ArgumentException($"tensor {quoted} is given twice.", nameof(tensors));
            if (!TensorDTypes.TryGetByteCount(tensor.DType, [.. tensor.Shape], out var bytes) || bytes != tensor.Bytes.Length)
                throw new ArgumentException($"tensor {quoted} has {tensor.Bytes.Length} bytes; {tensor.DType} [{string.Join(", ", tensor.Shape)}] needs {bytes}.", nameof(tensors));
        }

        return list;
    }

    private static bool IsUnicode(string name)
    {
        foreach (var rune in name.EnumerateRunes())
        {
            if (rune == System.Text.Rune.ReplacementChar && !name.Contains('\uFFFD', StringComparison.Ordinal))
                return false;
        }

        return true;
    }
}
