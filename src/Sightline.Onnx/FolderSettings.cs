using System.Text.Json.Nodes;
using Sightline.Configuration;
using Sightline.Generation;
using Sightline.Imaging;
using Sightline.IO;
using Sightline.Tokenization;

namespace Sightline.Onnx;

/// <summary>Writes the files that stand beside the models of an ONNX folder, complete for readers that know no defaults.</summary>
internal static class FolderSettings
{
    private const string TokenizerJson = "tokenizer.json";

    public static void Write(string folder, string target, VisionEncoderDecoderConfig config, Gpt2Tokenizer tokenizer)
    {
        var generation = GenerationConfig.Load(folder);
        generation.Save(target);
        var json = (JsonObject)config.Json.DeepClone();
        SetMissing(json, "bos_token_id", generation.Options.DecoderStartTokenId ?? generation.Options.BosTokenId); // what NVDA starts with
        SetMissing(json, "eos_token_id", generation.Options.EosTokenIds is [var end, ..] ? end : null);
        SetMissing((JsonObject)json["decoder"]!, "n_ctx", config.Decoder.NPositions);
        (config with { Json = json }).Save(target);
        ImageProcessor(folder, config.Encoder.ImageSize).Save(target);
        tokenizer.Save(target);
        if (File.Exists(Path.Combine(folder, TokenizerJson)))
            File.Copy(Path.Combine(folder, TokenizerJson), Path.Combine(target, TokenizerJson));
        else
            File.WriteAllText(Path.Combine(target, TokenizerJson), tokenizer.ToTokenizerJson());
    }

    /// <summary>quantize_config.json as the conversion script of transformers.js writes it.</summary>
    public static void WriteQuantization(string target, OnnxExportOptions options)
    {
        JsonObject Model(string weightType) => new() { ["op_types"] = new JsonArray("Conv", "Gather", "MatMul"), ["weight_type"] = weightType };
        JsonFile.WriteObject(Path.Combine(target, "quantize_config.json"), new JsonObject
        {
            ["per_channel"] = options.PerChannel,
            ["reduce_range"] = false,
            ["per_model_config"] = new JsonObject { ["encoder_model"] = Model(options.PerChannel ? "QInt8" : "QUInt8"), ["decoder_model_merged"] = Model("QInt8") },
        });
    }

    // NVDA reads size as { height, width }, which feature extractors of 2022 do not write.
    private static ImageProcessorConfig ImageProcessor(string folder, int imageSize)
    {
        var config = ImageProcessorConfig.Load(folder);
        if (!File.Exists(Path.Combine(folder, ImageProcessorConfig.FileName)) && !File.Exists(Path.Combine(folder, ImageProcessorConfig.NestedFileName)))
            config = config with { Size = new ImageSize(imageSize, imageSize) };
        return config.Style == ImageProcessorStyle.ImageProcessor
            ? config
            : config with { Style = ImageProcessorStyle.ImageProcessor, ProcessorType = config.ProcessorType.Replace("FeatureExtractor", "ImageProcessor", StringComparison.Ordinal) };
    }

    private static void SetMissing(JsonObject json, string name, int? value)
    {
        if (json[name] is null && value is { } known)
            json[name] = known;
    }
}
