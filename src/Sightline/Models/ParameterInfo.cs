namespace Sightline.Models;

/// <summary>A parameter that a configuration asks for.</summary>
/// <param name="Name">Its checkpoint key.</param>
/// <param name="Shape">Its sizes, as stored: GPT-2's linear layers are [in, out], ViT's [out, in].</param>
/// <param name="IsOptional">The pooler, which captions do not use.</param>
public sealed record ParameterInfo(string Name, IReadOnlyList<int> Shape, bool IsOptional)
{
    /// <summary>Number of elements.</summary>
    public long ElementCount => Shape.Aggregate(1L, (product, size) => product * size);
}
