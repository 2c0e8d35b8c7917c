namespace Sightline.Tokenization;

/// <summary>Which version of Transformers the written tokenizer files look like. The content is the same; order, layout and a few keys differ.</summary>
public enum TokenizerStyle
{
    /// <summary>4.17: one line per file, keys as they came.</summary>
    Transformers417,

    /// <summary>4.31: sorted keys, two blanks of indent, a final line feed; <c>clean_up_tokenization_spaces</c> is always there.</summary>
    Transformers431,
}
