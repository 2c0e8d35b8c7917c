namespace Sightline.Onnx;

/// <summary>What <see cref="OnnxExporter"/> writes.</summary>
public sealed record OnnxExportOptions
{
    /// <summary>The number types, a pair of files each. Default: fp32 alone.</summary>
    public IReadOnlyList<OnnxNumberType> NumberTypes { get; init; } = [OnnxNumberType.Fp32];

    /// <summary>
    /// For <see cref="OnnxNumberType.Q8"/>: one scale for each output of a linear layer instead of one for its whole weight, signed in both files, and the
    /// convolution left in 32 bits. Keeps more captions and is faster. Default: false, as transformers.js quantises.
    /// </summary>
    public bool PerChannel { get; init; }

    /// <summary>Where the keys and values of cross-attention are computed. Default: in the decoder, for every token.</summary>
    public CrossKeyValues CrossKeyValues { get; init; }

    /// <summary>Checks the values.</summary>
    /// <exception cref="ConfigurationException">No number type is given, one is given twice, or a value is none of its type.</exception>
    public void Validate()
    {
        if (NumberTypes.Count == 0)
            throw new ConfigurationException("ONNX export: no number type is given; fp32, fp16 or q8 was expected.");
        if (NumberTypes.Distinct().Count() != NumberTypes.Count || !NumberTypes.All(Enum.IsDefined))
            throw new ConfigurationException($"ONNX export: the number types are {string.Join(", ", NumberTypes)}; each of fp32, fp16, q8 at most once was expected.");
        if (!Enum.IsDefined(CrossKeyValues))
            throw new ConfigurationException($"ONNX export: cross keys and values are {CrossKeyValues}; recomputed or cached was expected.");
    }
}
