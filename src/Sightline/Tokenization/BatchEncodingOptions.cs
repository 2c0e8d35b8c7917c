namespace Sightline.Tokenization;

/// <summary>How <see cref="Gpt2Tokenizer.EncodeBatch"/> pads and cuts.</summary>
public sealed record BatchEncodingOptions
{
    /// <summary>Default <see cref="Padding.None"/>.</summary>
    public Padding Padding { get; init; }

    /// <summary>In tokens, at least 1. Default null: the tokenizer's <see cref="Gpt2Tokenizer.ModelMaxLength"/>; without that nothing is cut or padded to it.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Rows longer than the maximum length lose their end (or their beginning, if the tokenizer's <c>truncation_side</c> is left). Default false.</summary>
    public bool Truncation { get; init; }

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ConfigurationException">The length is below 1.</exception>
    public void Validate()
    {
        if (MaxLength < 1)
            throw new ConfigurationException($"MaxLength is {MaxLength}; at least 1 was expected.");
    }
}
