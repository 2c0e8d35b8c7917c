using System.Text.Json.Nodes;
using Sightline.Configuration;

namespace Sightline.Training.Cli.Runs;

/// <summary>The architecture behind the model card: ViT-Base of 224 pixels in patches of 16, DistilGPT-2 of 6 layers, a token <c>&lt;pad&gt;</c> added.</summary>
internal static class CardModel
{
    public static VisionEncoderDecoderConfig Config { get; } = VisionEncoderDecoderConfig.Parse(new JsonObject
    {
        ["model_type"] = "vision-encoder-decoder",
        ["encoder"] = new JsonObject { ["model_type"] = "vit" },
        ["decoder"] = new JsonObject { ["model_type"] = "gpt2", ["n_layer"] = 6, ["vocab_size"] = 50258, ["is_decoder"] = true, ["add_cross_attention"] = true },
    });
}
