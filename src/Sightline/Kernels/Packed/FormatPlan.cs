namespace Sightline.Kernels;

/// <summary>Which number format and how many digits of its inputs a linear layer gets.</summary>
internal static class FormatPlan
{
    /// <summary>
    /// The kind of packed weights; null for fp32. The layer of the logits is the largest that every token reads, and all but a few of its outputs only
    /// have to be seen not to be the greatest: four bits do for that.
    /// </summary>
    public static DotKind? Kind(WeightFormat format, LinearRole role) => (format, role) switch
    {
        (WeightFormat.Auto or WeightFormat.Fp32, _) => null,
        (_, LinearRole.Head) or (WeightFormat.Int4, LinearRole.Decoder) => DotKind.Int4,
        (WeightFormat.Bf16, _) => DotKind.Bf16,
        _ => DotKind.Int8,
    };

    /// <summary>Whether what rounding takes from the weights is kept to correct the greatest outputs: logits that nearly tie decide what is said.</summary>
    public static bool KeepsRemainder(LinearRole role) => role == LinearRole.Head;

    /// <summary>
    /// Whether four-bit weights have a scale for each group of inputs. Where what rounding takes is kept, one scale a row loses nothing that matters, and
    /// the layer takes a quarter less of the time.
    /// </summary>
    public static bool HasGroups(LinearRole role) => !KeepsRemainder(role);

    /// <summary>
    /// Numbers for each input. Where reading weights is what costs, a second digit is free up to about eight rows, and the inputs' error vanishes.
    /// </summary>
    public static int Digits(LinearRole role) => role is LinearRole.Encoder or LinearRole.CrossKeyValue ? 1 : 2;
}
