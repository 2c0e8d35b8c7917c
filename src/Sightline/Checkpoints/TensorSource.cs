using System.Runtime.InteropServices;

namespace Sightline.Checkpoints;

/// <summary>
/// Named tensors of one checkpoint: a safetensors file, a PyTorch file, or a set of shards. Data are read only when asked for.
/// Dispose it when the weights have been copied; spans it gave must not be used afterwards.
/// </summary>
public abstract class TensorSource : IDisposable
{
    /// <summary>Every tensor by its stored name.</summary>
    public abstract IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    /// <summary>The elements of a tensor, row-major and contiguous, little-endian, as stored.</summary>
    /// <exception cref="CheckpointException">There is no such tensor, or it has more than 2^31 bytes.</exception>
    public ReadOnlySpan<byte> GetBytes(string name) => GetMemory(name).Span;

    /// <summary>
    /// As <see cref="GetBytes"/>, as memory. Tensors that are stored once and used under several names (tied weights of a PyTorch file) give equal memories.
    /// It must not be used after the source is disposed.
    /// </summary>
    /// <exception cref="CheckpointException">There is no such tensor, or it has more than 2^31 bytes.</exception>
    public abstract ReadOnlyMemory<byte> GetMemory(string name);

    /// <summary>A tensor with its elements, to be written elsewhere; the elements are those of <see cref="GetMemory"/>.</summary>
    /// <exception cref="CheckpointException">There is no such tensor, or it has more than 2^31 bytes.</exception>
    public TensorData Read(string name)
    {
        var info = Find(name);
        return new TensorData(name, info.DType, info.Shape, GetMemory(name));
    }

    /// <summary>Every tensor in stored order, to be written elsewhere while this source is open.</summary>
    public IEnumerable<TensorData> ReadAll() => Tensors.Keys.Select(Read);

    /// <summary>The elements as 32-bit floats: half precision and bf16 widened exactly, doubles and integers rounded.</summary>
    public float[] ReadSingles(string name)
    {
        var info = Find(name);
        var bytes = GetBytes(name);
        if (FloatConversion.IsFloat(info.DType))
        {
            var floats = new float[info.ElementCount];
            FloatConversion.ToSingles(bytes, info.DType, floats);
            return floats;
        }

        var integers = ReadInt64s(name);
        var values = new float[integers.Length];
        for (var i = 0; i < values.Length; i++)
            values[i] = integers[i];
        return values;
    }

    /// <summary>The elements of an integer or boolean tensor as 64-bit integers.</summary>
    /// <exception cref="CheckpointException">The tensor holds floats.</exception>
    public long[] ReadInt64s(string name)
    {
        var info = Find(name);
        var bytes = GetBytes(name);
        return info.DType switch
        {
            TensorDType.I64 => MemoryMarshal.Cast<byte, long>(bytes).ToArray(),
            TensorDType.I32 => Widen(MemoryMarshal.Cast<byte, int>(bytes)),
            TensorDType.I16 => Widen(MemoryMarshal.Cast<byte, short>(bytes)),
            TensorDType.I8 => Widen(MemoryMarshal.Cast<byte, sbyte>(bytes)),
            TensorDType.U8 or TensorDType.Bool => Widen(bytes),
            _ => throw new CheckpointException($"{info.File}: tensor '{name}' is {info.DType}; integers were expected."),
        };
    }

    /// <summary>The description of a tensor.</summary>
    /// <exception cref="CheckpointException">There is no such tensor.</exception>
    public TensorInfo Find(string name) => Tensors.TryGetValue(name, out var info)
        ? info
        : throw new CheckpointException($"tensor {MessageText.Quote(name)} is missing from the checkpoint ({Tensors.Count} tensors).");

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases files and memory maps.</summary>
    protected abstract void Dispose(bool disposing);

    /// <summary>The length of a tensor in bytes as the length of a span.</summary>
    /// <exception cref="CheckpointException">It does not fit.</exception>
    private protected static int CheckedLength(TensorInfo info, long bytes) => bytes <= Array.MaxLength
        ? (int)bytes
        : throw new CheckpointException($"{info.File}: tensor {MessageText.Quote(info.Name)} {info.ShapeText} has {bytes} bytes; at most {Array.MaxLength} can be read.");

    private static long[] Widen<T>(ReadOnlySpan<T> source) where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        var values = new long[source.Length];
        for (var i = 0; i < values.Length; i++)
            values[i] = long.CreateChecked(source[i]);
        return values;
    }
}
