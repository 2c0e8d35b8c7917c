namespace Sightline.Checkpoints;

/// <summary>A tensor on its way into a file, converted only when its turn comes so that one tensor at a time is held twice.</summary>
/// <param name="Source">The tensor as it is.</param>
/// <param name="DType">The type it gets in the file.</param>
internal readonly record struct PendingTensor(TensorData Source, TensorDType DType)
{
    public string Name => Source.Name;

    public IReadOnlyList<long> Shape => Source.Shape;

    /// <summary>Bytes in the file.</summary>
    public long Length => Source.Bytes.Length / Source.DType.Size() * (long)DType.Size();

    /// <summary>The same for tensors that share one storage; empty tensors share nothing.</summary>
    public object ShareKey => Source.Bytes.IsEmpty ? Source : (Source.Bytes, DType);

    /// <summary>The elements as they go into the file.</summary>
    public ReadOnlyMemory<byte> Read() => DType == Source.DType ? Source.Bytes : FloatConversion.Convert(Source.Bytes.Span, Source.DType, DType);

    /// <summary>Takes tensors as they are.</summary>
    public static IReadOnlyList<PendingTensor> Keep(IEnumerable<TensorData> tensors) =>
        [.. TensorData.Checked(tensors).Select(tensor => new PendingTensor(tensor, tensor.DType))];
}
