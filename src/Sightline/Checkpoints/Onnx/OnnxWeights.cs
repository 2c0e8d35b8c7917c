namespace Sightline.Checkpoints.Onnx;

/// <summary>Weights that were found in graphs, under the names and in the shapes of a Hugging Face checkpoint.</summary>
internal sealed class OnnxWeights
{
    private readonly Dictionary<string, TensorInfo> _tensors = [];
    private readonly Dictionary<string, (MappedFile File, OnnxConstant Constant, bool IsTurned)> _sources = [];

    public IReadOnlyDictionary<string, TensorInfo> Tensors => _tensors;

    /// <summary>The operations that activations were made of.</summary>
    public HashSet<string> EncoderActivation { get; } = [];

    public HashSet<string> DecoderActivation { get; } = [];

    /// <summary>Finds the file that a constant lies in, by the tensor's own identity.</summary>
    public required Func<OnnxTensor, MappedFile> FileOf { get; init; }

    public void Norm(string name, OnnxWalk.Norm norm)
    {
        Vector($"{name}.weight", norm.Weight);
        Vector($"{name}.bias", norm.Bias);
    }

    /// <summary>A linear layer that the checkpoint stores as [out, in].</summary>
    public void LinearOutIn(string name, OnnxWalk.Linear linear) => Linear(name, linear, isOutIn: true);

    /// <summary>A linear layer that the checkpoint stores as [in, out].</summary>
    public void LinearInOut(string name, OnnxWalk.Linear linear) => Linear(name, linear, isOutIn: false);

    /// <summary>A matrix that graphs use as [in, out] (or a table, as it is).</summary>
    public void Matrix(string name, OnnxConstant constant, bool isOutIn)
    {
        var shape = constant.Tensor.Shape;
        if (shape.Length != 2)
            throw new CheckpointException($"{FileOf(constant.Tensor).Path}: tensor {MessageText.Quote(constant.Tensor.Name)} is [{string.Join(", ", shape)}]; a matrix was expected ({name}).");
        var isTurned = constant.IsTransposed != isOutIn;
        Add(name, constant, isTurned ? [shape[1], shape[0]] : shape, isTurned);
    }

    public void Vector(string name, OnnxConstant constant) => Add(name, constant, [constant.Tensor.Count], isTurned: false);

    /// <summary>A tensor as it is, with so many dimensions of size 1 before the last ones where it has fewer than three.</summary>
    public void Plain(string name, OnnxConstant constant, int ones)
    {
        long[] last = constant.Tensor.Shape is { Length: > 0 } shape ? [.. shape.SkipWhile((size, index) => size == 1 && index < ones && shape.Length > 2)] : [1];
        Add(name, constant, ones == 0 ? constant.Tensor.Shape : [.. Enumerable.Repeat(1L, Math.Max(0, 3 - last.Length)), .. last], isTurned: false);
    }

    public ReadOnlyMemory<byte> Read(string name)
    {
        var (file, constant, isTurned) = _sources[name];
        if (constant is { Scale: null, Tensor.Offset: >= 0 } && !isTurned)
            return file.Memory(constant.Tensor.Offset, constant.Tensor.Length);
        var values = OnnxValues.Read(file, constant);
        if (isTurned)
        {
            var shape = _tensors[name].Shape;
            values = MatrixLayout.Transpose(values, (int)shape[1], (int)shape[0]);
        }

        return System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
    }

    private void Linear(string name, OnnxWalk.Linear linear, bool isOutIn)
    {
        Matrix($"{name}.weight", linear.Weight, isOutIn);
        if (linear.Bias is { } bias)
            Vector($"{name}.bias", bias);
    }

    private void Add(string name, OnnxConstant constant, long[] shape, bool isTurned)
    {
        var file = FileOf(constant.Tensor);
        var isStored = constant is { Scale: null, Tensor.Offset: >= 0 } && !isTurned;
        _tensors[name] = new TensorInfo(name, isStored ? constant.Tensor.DType ?? TensorDType.F32 : TensorDType.F32, shape, file.Path);
        _sources[name] = (file, constant, isTurned);
    }
}
