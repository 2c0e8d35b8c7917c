using Sightline.Checkpoints.Pickle;

namespace Sightline.Checkpoints;

/// <summary>The names that PyTorch puts into the pickle of a state dict, with constructors of ours.</summary>
internal static class TorchGlobals
{
    /// <summary>A new list, which a caller may extend for files that hold more than tensors.</summary>
    public static PickleGlobals Create()
    {
        var globals = new PickleGlobals()
            .Allow("collections", "OrderedDict", OrderedDict)
            .Allow("torch", "Size", Size)
            .Allow("torch._utils", "_rebuild_tensor", RebuildTensor)
            .Allow("torch._utils", "_rebuild_tensor_v2", RebuildTensor)
            .Allow("torch._utils", "_rebuild_parameter", RebuildParameter)
            .Allow("torch.nn.parameter", "Parameter", RebuildParameter)
            .Allow("torch.storage", "UntypedStorage", tag: TensorDType.U8)
            .Allow("torch.storage", "_UntypedStorage", tag: TensorDType.U8)
            .Allow("torch", "UntypedStorage", tag: TensorDType.U8);
        foreach (var (name, dtype) in StorageClasses)
            globals.Allow("torch", name, tag: dtype);
        return globals;
    }

    /// <summary>The class of the storage of each dtype.</summary>
    public static IReadOnlyList<(string Name, TensorDType DType)> StorageClasses { get; } =
    [
        ("DoubleStorage", TensorDType.F64),
        ("FloatStorage", TensorDType.F32),
        ("HalfStorage", TensorDType.F16),
        ("BFloat16Storage", TensorDType.BF16),
        ("LongStorage", TensorDType.I64),
        ("IntStorage", TensorDType.I32),
        ("ShortStorage", TensorDType.I16),
        ("CharStorage", TensorDType.I8),
        ("ByteStorage", TensorDType.U8),
        ("BoolStorage", TensorDType.Bool),
    ];

    // OrderedDict() or, from Python 2, OrderedDict([[key, value], ...]).
    private static PickleDictionary OrderedDict(PickleReader reader, object?[] arguments)
    {
        var result = new PickleDictionary();
        if (arguments.Length == 0)
            return result;
        if (arguments is not [List<object?> pairs])
            throw reader.Fail("OrderedDict is called with something other than a list of pairs");
        reader.Charge(pairs.Count);
        foreach (var pair in pairs)
        {
            var (key, value) = pair switch
            {
                object?[] { Length: 2 } tuple => (tuple[0], tuple[1]),
                List<object?> { Count: 2 } list => (list[0], list[1]),
                _ => throw reader.Fail("OrderedDict is called with something other than a list of pairs"),
            };
            reader.SetItem(result, key, value);
        }

        return result;
    }

    private static object?[] Size(PickleReader reader, object?[] arguments) =>
        arguments is [object?[] sizes] ? sizes : throw reader.Fail("torch.Size is called with something other than one tuple");

    // (storage, storage_offset, size, stride, requires_grad, backward_hooks[, metadata]); the old form ends after stride.
    private static TorchTensor RebuildTensor(PickleReader reader, object?[] arguments)
    {
        if (arguments is not [TorchStorage storage, long offset, object?[] size, object?[] stride, ..])
            throw reader.Fail("a tensor is not described by storage, offset, size and stride");
        var shape = Integers(reader, size);
        var strides = Integers(reader, stride);
        return TorchTensor.FindProblem(storage, offset, shape, strides) is { } problem
            ? throw reader.Fail($"a tensor with {problem}")
            : new TorchTensor(storage, offset, shape, strides);
    }

    private static TorchTensor RebuildParameter(PickleReader reader, object?[] arguments) =>
        arguments is [TorchTensor tensor, ..] ? tensor : throw reader.Fail("a parameter without a tensor");

    private static long[] Integers(PickleReader reader, object?[] values)
    {
        reader.Charge(values.Length);
        var result = new long[values.Length];
        for (var i = 0; i < result.Length; i++)
            result[i] = values[i] is long value ? value : throw reader.Fail("a size or stride that is not a whole number of 64 bits");
        return result;
    }
}
