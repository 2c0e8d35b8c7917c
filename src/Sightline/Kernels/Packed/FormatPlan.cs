namespace Sightline.Kernels;

/// <summary>Which number format and how many digits of its inputs a linear layer gets.</summary>
internal static class FormatPlan
{
    /// <summary>The kind of packed weights; null for fp32.</summary>
    public static DotKind? Kind(WeightFormat format, LinearRole role) => format switch
    {
        WeightFormat.Bf16 => DotKind.Bf16,
        WeightFormat.Int8 => DotKind.Int8,
        WeightFormat.Int4 => role == LinearRole.Decoder ? DotKind.Int4 : DotKind.Int8,
        _ => null,
    };

    /// <summary>
    /// Bytes for each input. Where reading weights is what costs, a second digit is free up to about eight rows, and the inputs' error vanishes.
    /// </summary>
    public static int Digits(DotKind kind, LinearRole role) => kind != DotKind.Bf16 && role is LinearRole.Decoder or LinearRole.Head ? 2 : 1;
}
