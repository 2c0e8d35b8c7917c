using System.Text.Json.Nodes;
using Sightline.Configuration;

namespace Sightline.Training.Cli.Demo;

/// <summary>The small ViT-GPT2 of the demonstration: what a plain processor can teach in minutes.</summary>
internal static class DemoModel
{
    public const int PictureSize = 32;
    public const int MaxTokens = 24;
    private const int PatchSize = 8;
    private const int Width = 96;
    private const int Layers = 2;
    private const int Heads = 4;

    /// <summary>Its config.json, as Transformers would write it.</summary>
    /// <param name="vocabularySize">Tokens.</param>
    /// <param name="endToken">Start, end and padding alike, as GPT-2 captioners have it.</param>
    public static VisionEncoderDecoderConfig Configure(int vocabularySize, int endToken) => VisionEncoderDecoderConfig.Parse(new JsonObject
    {
        ["architectures"] = new JsonArray("VisionEncoderDecoderModel"),
        ["decoder"] = new JsonObject
        {
            ["activation_function"] = "gelu_new",
            ["add_cross_attention"] = true,
            ["attn_pdrop"] = 0.0,
            ["bos_token_id"] = endToken,
            ["embd_pdrop"] = 0.0,
            ["eos_token_id"] = endToken,
            ["is_decoder"] = true,
            ["model_type"] = "gpt2",
            ["n_embd"] = Width,
            ["n_head"] = Heads,
            ["n_inner"] = 2 * Width,
            ["n_layer"] = Layers,
            ["n_positions"] = 2 * MaxTokens,
            ["resid_pdrop"] = 0.0,
            ["tie_word_embeddings"] = true,
            ["vocab_size"] = vocabularySize,
        },
        ["decoder_start_token_id"] = endToken,
        ["encoder"] = new JsonObject
        {
            ["attention_probs_dropout_prob"] = 0.0,
            ["hidden_act"] = "gelu",
            ["hidden_dropout_prob"] = 0.0,
            ["hidden_size"] = Width,
            ["image_size"] = PictureSize,
            ["intermediate_size"] = 2 * Width,
            ["model_type"] = "vit",
            ["num_attention_heads"] = Heads,
            ["num_channels"] = 3,
            ["num_hidden_layers"] = Layers,
            ["patch_size"] = PatchSize,
            ["qkv_bias"] = true,
        },
        ["eos_token_id"] = endToken,
        ["is_encoder_decoder"] = true,
        ["max_length"] = 2 * MaxTokens,
        ["model_type"] = "vision-encoder-decoder",
        ["pad_token_id"] = endToken,
        ["tie_word_embeddings"] = false,
        ["torch_dtype"] = "float32",
    });
}
