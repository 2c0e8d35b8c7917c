using System.Text.Json.Nodes;
using Sightline.IO;

namespace Sightline.Configuration;

/// <summary>
/// config.json of a <c>vision-encoder-decoder</c> folder. <see cref="Json"/> keeps every key, known or not, so that a checkpoint that is
/// rewritten loses nothing.
/// </summary>
public sealed record VisionEncoderDecoderConfig
{
    /// <summary>The file name in a checkpoint folder.</summary>
    public const string FileName = "config.json";

    /// <summary>The picture encoder.</summary>
    public required ViTConfig Encoder { get; init; }

    /// <summary>The text decoder.</summary>
    public required Gpt2Config Decoder { get; init; }

    /// <summary>First decoder input id, from the top level or else from <c>decoder</c>. Null: only generation's fallbacks give one.</summary>
    public int? DecoderStartTokenId { get; init; }

    /// <summary>Id that fills up labels, from the top level or else from <c>decoder</c>.</summary>
    public int? PadTokenId { get; init; }

    /// <summary>The file as read (or as it will be written).</summary>
    public required JsonObject Json { get; init; }

    /// <summary>Whether a linear layer maps encoder states to the decoder's width (HF <c>enc_to_dec_proj</c>).</summary>
    public bool HasEncoderToDecoderProjection => Encoder.HiddenSize != Decoder.NEmbd && Decoder.CrossAttentionHiddenSize is null;

    /// <summary>Reads config.json of a folder.</summary>
    /// <exception cref="ConfigurationException">Missing, not JSON, or with values that do not fit: all faults in one line.</exception>
    public static VisionEncoderDecoderConfig Load(string folder)
    {
        var path = Path.Combine(folder, FileName);
        return Parse(JsonFile.ReadObject(path), path);
    }

    /// <summary>Interprets config.json that has been read already.</summary>
    /// <param name="json">The object.</param>
    /// <param name="source">Names the file in messages.</param>
    /// <exception cref="ConfigurationException">Values do not fit: all faults in one line.</exception>
    public static VisionEncoderDecoderConfig Parse(JsonObject json, string source = FileName)
    {
        ArgumentNullException.ThrowIfNull(json);
        var reader = new ConfigReader(json);
        var modelType = reader.String("model_type");
        if (modelType is not (null or "vision-encoder-decoder"))
            reader.Fault($"model_type is '{modelType}'; 'vision-encoder-decoder' was expected");
        var encoder = reader.Section("encoder");
        var decoder = reader.Section("decoder");
        var config = new VisionEncoderDecoderConfig
        {
            Encoder = ViTConfig.Read(encoder),
            Decoder = Gpt2Config.Read(decoder),
            DecoderStartTokenId = TokenId("decoder_start_token_id"),
            PadTokenId = TokenId("pad_token_id"),
            Json = json,
        };
        if (config.Encoder.HiddenSize != config.Decoder.NEmbd && config.Decoder.CrossAttentionHiddenSize is { } width)
            reader.Fault($"decoder.cross_attention_hidden_size is {width}: GPT-2's cross-attention reads states of n_embd {config.Decoder.NEmbd}, the encoder gives {config.Encoder.HiddenSize}");
        reader.ThrowIfFaulty(source);
        return config;

        int? TokenId(string name) => reader.NullableInt(name, 0, 1 << 24) ?? decoder.NullableInt(name, 0, 1 << 24);
    }

    /// <summary>Writes config.json into a folder.</summary>
    public void Save(string folder) => JsonFile.WriteObject(Path.Combine(folder, FileName), Json);
}
