namespace Sightline.Checkpoints;

/// <summary>Element types of stored tensors, named as safetensors names them.</summary>
public enum TensorDType
{
    /// <summary>64-bit float.</summary>
    F64,

    /// <summary>32-bit float.</summary>
    F32,

    /// <summary>16-bit IEEE float.</summary>
    F16,

    /// <summary>Brain float: the upper 16 bits of a 32-bit float.</summary>
    BF16,

    /// <summary>64-bit signed integer.</summary>
    I64,

    /// <summary>32-bit signed integer.</summary>
    I32,

    /// <summary>16-bit signed integer.</summary>
    I16,

    /// <summary>8-bit signed integer.</summary>
    I8,

    /// <summary>8-bit unsigned integer.</summary>
    U8,

    /// <summary>One byte, 0 or 1.</summary>
    Bool,
}

/// <summary>Facts about <see cref="TensorDType"/>.</summary>
public static class TensorDTypes
{
    /// <summary>Bytes per element.</summary>
    public static int Size(this TensorDType dtype) => dtype switch
    {
        TensorDType.F64 or TensorDType.I64 => 8,
        TensorDType.F32 or TensorDType.I32 => 4,
        TensorDType.F16 or TensorDType.BF16 or TensorDType.I16 => 2,
        _ => 1,
    };

    /// <summary>Reads the name that safetensors files use, e.g. <c>BF16</c> or <c>BOOL</c>; exact spelling.</summary>
    public static bool TryParse(string name, out TensorDType dtype)
    {
        if (name == "BOOL")
        {
            dtype = TensorDType.Bool;
            return true;
        }

        foreach (var candidate in Enum.GetValues<TensorDType>())
        {
            if (candidate != TensorDType.Bool && candidate.ToString() == name)
            {
                dtype = candidate;
                return true;
            }
        }

        dtype = default;
        return false;
    }

    /// <summary>The name that safetensors files use, e.g. <c>BF16</c> or <c>BOOL</c>.</summary>
    public static string SafetensorsName(this TensorDType dtype) => dtype == TensorDType.Bool ? "BOOL" : dtype.ToString();

    /// <summary>Bytes of a tensor, or false where a size is negative or the product of the sizes, taken from the left, passes 2^63.</summary>
    internal static bool TryGetByteCount(TensorDType dtype, ReadOnlySpan<long> shape, out long bytes)
    {
        var product = (Int128)1;
        bytes = 0;
        foreach (var size in shape)
        {
            product *= size;
            if (size < 0 || product > long.MaxValue)
                return false;
        }

        product *= dtype.Size();
        bytes = product <= long.MaxValue ? (long)product : 0;
        return product <= long.MaxValue;
    }
}
