using System.Text.Json.Nodes;
using Sightline.Checkpoints;
using Sightline.Configuration;
using Sightline.Generation;
using Sightline.Models;
using Sightline.Tokenization;

namespace Sightline.Benchmarks;

/// <summary>A checkpoint of the size users have, with random weights: real ones cannot be redistributed, and speed does not depend on them.</summary>
internal static class FullSizeModel
{
    private const int EndToken = 50256;

    /// <summary>Writes ViT-base/16-224 with a GPT-2 decoder of 12 layers (239 M parameters) or 6 (182 M), and GPT-2's tokenizer.</summary>
    public static void Make(string folder, int decoderLayers)
    {
        Directory.CreateDirectory(folder);
        var config = VisionEncoderDecoderConfig.Parse(Config(decoderLayers));
        var checkpoint = ModelCheckpoint.Initialize(config, seed: 42, Compatibility.Transformers431);
        checkpoint.Save(folder, new CheckpointSaveOptions { Format = CheckpointFormat.Safetensors });
        Gpt2Tokenizer.Load(Path.Combine(FindRoot(), "tests", "Fixtures", "tokenizer")).Save(folder);
        new Imaging.ImageProcessorConfig().Save(folder);
        Console.WriteLine($"{folder}: {checkpoint.Parameters.Values.Sum(values => (long)values.Length):N0} parameters, random, seed 42.");
    }

    private static JsonObject Config(int decoderLayers) => new()
    {
        ["architectures"] = new JsonArray("VisionEncoderDecoderModel"),
        ["decoder"] = new JsonObject
        {
            ["model_type"] = "gpt2",
            ["add_cross_attention"] = true,
            ["is_decoder"] = true,
            ["vocab_size"] = 50257,
            ["n_positions"] = 1024,
            ["n_embd"] = 768,
            ["n_layer"] = decoderLayers,
            ["n_head"] = 12,
            ["activation_function"] = "gelu_new",
            ["bos_token_id"] = EndToken,
            ["eos_token_id"] = EndToken,
            ["tie_word_embeddings"] = true,
        },
        ["decoder_start_token_id"] = EndToken,
        ["encoder"] = new JsonObject
        {
            ["model_type"] = "vit",
            ["hidden_size"] = 768,
            ["num_hidden_layers"] = 12,
            ["num_attention_heads"] = 12,
            ["intermediate_size"] = 3072,
            ["image_size"] = 224,
            ["patch_size"] = 16,
            ["num_channels"] = 3,
            ["hidden_act"] = "gelu",
            ["qkv_bias"] = true,
            ["layer_norm_eps"] = 1e-12,
        },
        ["eos_token_id"] = EndToken,
        ["is_encoder_decoder"] = true,
        ["model_type"] = "vision-encoder-decoder",
        ["pad_token_id"] = EndToken,
        ["tie_word_embeddings"] = false,
        ["torch_dtype"] = "float32",
    };

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Sightline.slnx")))
                return folder.FullName;
        }

        throw new DirectoryNotFoundException($"Sightline.slnx is not above {AppContext.BaseDirectory}.");
    }
}
