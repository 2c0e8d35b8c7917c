namespace Sightline.Models;

/// <summary>How checkpoints of different ages and wrappers name the same tensor.</summary>
internal static class WeightNames
{
    /// <summary>
    /// Removes the <c>module.</c> of data-parallel wrappers and <c>_orig_mod.</c> of compiled ones, and turns TensorFlow's LayerNorm
    /// <c>gamma</c> and <c>beta</c> into <c>weight</c> and <c>bias</c>, as <c>from_pretrained</c> does.
    /// </summary>
    public static string Normalize(string name)
    {
        while (name.StartsWith("module.", StringComparison.Ordinal) || name.StartsWith("_orig_mod.", StringComparison.Ordinal))
            name = name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..];
        if (name.EndsWith(".gamma", StringComparison.Ordinal))
            return name[..^"gamma".Length] + "weight";
        if (name.EndsWith(".beta", StringComparison.Ordinal))
            return name[..^"beta".Length] + "bias";
        return name;
    }

    /// <summary>Whether a tensor is a buffer that older versions stored and that holds no learned value: causal masks and position ids.</summary>
    public static bool IsBuffer(string name) =>
        name.EndsWith(".attn.bias", StringComparison.Ordinal) || name.EndsWith(".crossattention.bias", StringComparison.Ordinal)
        || name.EndsWith(".masked_bias", StringComparison.Ordinal) || name.EndsWith("position_ids", StringComparison.Ordinal);
}
