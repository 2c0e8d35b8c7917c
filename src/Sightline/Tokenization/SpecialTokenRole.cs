namespace Sightline.Tokenization;

/// <summary>What a special token is for; the order is that of Transformers' files.</summary>
public enum SpecialTokenRole
{
    /// <summary>Begins a sequence (<c>bos_token</c>).</summary>
    Bos,

    /// <summary>Ends a sequence (<c>eos_token</c>).</summary>
    Eos,

    /// <summary>Stands for what the vocabulary cannot spell (<c>unk_token</c>).</summary>
    Unk,

    /// <summary>Separates two sequences (<c>sep_token</c>).</summary>
    Sep,

    /// <summary>Fills a batch (<c>pad_token</c>).</summary>
    Pad,

    /// <summary>Classification (<c>cls_token</c>).</summary>
    Cls,

    /// <summary>Masked position (<c>mask_token</c>).</summary>
    Mask,

    /// <summary>One of <c>additional_special_tokens</c>.</summary>
    Additional,
}
