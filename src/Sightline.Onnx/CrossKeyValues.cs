namespace Sightline.Onnx;

/// <summary>Where the keys and values of cross-attention, which depend on the picture alone, are computed.</summary>
public enum CrossKeyValues
{
    /// <summary>In the decoder, again for every token, as Hugging Face's GPT-2 does and as transformers.js, Firefox and NVDA expect.</summary>
    Recomputed,

    /// <summary>Once, by the encoder, which gives them as outputs; the decoder takes them as inputs. Two to four times faster for a token.</summary>
    Cached,
}
