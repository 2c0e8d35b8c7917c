using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sightline.Imaging;

/// <summary>The JSON form of <see cref="ImageProcessorConfig"/>, as Transformers 4.17, 4.31 and 5.x write it.</summary>
internal static class ImageProcessorConfigJson
{
    public static ImageProcessorConfig Read(JsonObject json, string source)
    {
        var problems = new List<string>();
        var type = Text(json, "image_processor_type", problems);
        var style = type is not null || json.ContainsKey("do_rescale") ? ImageProcessorStyle.ImageProcessor : ImageProcessorStyle.FeatureExtractor;
        type ??= Text(json, "feature_extractor_type", problems);
        var defaults = Defaults(type, style);
        var factor = Number(json, "rescale_factor", problems);
        var config = defaults with
        {
            DoResize = Flag(json, "do_resize", problems) ?? defaults.DoResize,
            Size = Size(json, "size", style, problems) ?? defaults.Size,
            Resample = (Resampling?)Integer(json, "resample", problems) ?? defaults.Resample,
            DoCenterCrop = Flag(json, "do_center_crop", problems) ?? defaults.DoCenterCrop,
            CropSize = Size(json, "crop_size", style, problems) ?? defaults.CropSize,
            DoRescale = Flag(json, "do_rescale", problems) ?? defaults.DoRescale,
            RescaleFactor = style == ImageProcessorStyle.ImageProcessor && factor is { } given ? given : defaults.RescaleFactor,
            DoNormalize = Flag(json, "do_normalize", problems) ?? defaults.DoNormalize,
            ImageMean = PerChannel(json, "image_mean", problems) ?? defaults.ImageMean,
            ImageStd = PerChannel(json, "image_std", problems) ?? defaults.ImageStd,
        };
        problems.AddRange(config.Problems());
        ThrowIfAny(problems, source);
        return config;
    }

    public static JsonObject Write(ImageProcessorConfig config)
    {
        var isNew = config.Style == ImageProcessorStyle.ImageProcessor;
        var hasCrop = config.DoCenterCrop || IsDeiT(config.ProcessorType);

        // Alphabetical, as Transformers sorts the keys.
        var json = new JsonObject();
        if (hasCrop)
        {
            json["crop_size"] = WriteSize(config.CropSize, isNew);
            json["do_center_crop"] = config.DoCenterCrop;
        }

        json["do_normalize"] = config.DoNormalize;
        if (isNew)
            json["do_rescale"] = config.DoRescale;
        json["do_resize"] = config.DoResize;
        if (!isNew)
            json["feature_extractor_type"] = config.ProcessorType;
        json["image_mean"] = WriteList(config.ImageMean);
        if (isNew)
            json["image_processor_type"] = config.ProcessorType;
        json["image_std"] = WriteList(config.ImageStd);
        json["resample"] = (int)config.Resample;
        if (isNew)
            json["rescale_factor"] = config.RescaleFactor;
        json["size"] = WriteSize(config.Size, isNew);
        return json;
    }

    public static void ThrowIfAny(IEnumerable<string> problems, string source)
    {
        var all = problems.ToList();
        if (all.Count > 0)
            throw new ConfigurationException($"{source}: {(all.Count == 1 ? "" : $"{all.Count} problems: ")}{string.Join("; ", all)}.");
    }

    private static bool IsDeiT(string type) => type.StartsWith("DeiT", StringComparison.Ordinal);

    // DeiT: 4.17 normalises with ImageNet's mean and deviation, 4.31 with 0.5.
    private static ImageProcessorConfig Defaults(string? type, ImageProcessorStyle style)
    {
        type ??= style == ImageProcessorStyle.ImageProcessor ? "ViTImageProcessor" : "ViTFeatureExtractor";
        var vit = new ImageProcessorConfig { ProcessorType = type, Style = style };
        if (!IsDeiT(type))
            return vit;
        var deit = vit with { Size = new(256, 256), Resample = Resampling.Bicubic, DoCenterCrop = true };
        return style == ImageProcessorStyle.ImageProcessor
            ? deit
            : deit with { ImageMean = [0.485, 0.456, 0.406], ImageStd = [0.229, 0.224, 0.225] };
    }

    private static ImageSize? Size(JsonObject json, string key, ImageProcessorStyle style, List<string> problems)
    {
        switch (json[key])
        {
            case null:
                return null;
            case JsonObject sides when sides["height"] is not null && sides["width"] is not null:
                return Integer(sides, "width", problems) is { } width && Integer(sides, "height", problems) is { } height
                    ? new ImageSize(width, height)
                    : null;
            case JsonObject sides:
                problems.Add($"{key} must have the keys 'height' and 'width'; found {Names(sides)} (a ViT model needs a fixed size)");
                return null;
            case JsonArray { Count: 2 } pair when AsInteger(pair[0]) is { } first && AsInteger(pair[1]) is { } second:
                return style == ImageProcessorStyle.FeatureExtractor ? new(first, second) : new(second, first);
            case JsonValue value when AsInteger(value) is { } side:
                return new(side, side);
            default:
                problems.Add($"{key} must be a whole number, two of them, or an object with 'height' and 'width'");
                return null;
        }
    }

    private static string Names(JsonObject value)
    {
        var names = string.Join(", ", value.Take(4).Select(p => $"'{(p.Key.Length <= 40 ? p.Key : p.Key[..40] + "...")}'"));
        return names.Length > 0 ? names : "none";
    }

    private static IReadOnlyList<double>? PerChannel(JsonObject json, string key, List<string> problems)
    {
        switch (json[key])
        {
            case null:
                return null;
            case JsonArray list when list.Count <= 64 && list.All(v => AsNumber(v) is not null):
                return [.. list.Select(v => AsNumber(v)!.Value)];
            case JsonValue value when AsNumber(value) is { } same:
                return [same, same, same];
            default:
                problems.Add($"{key} must be a list of 3 numbers");
                return null;
        }
    }

    private static string? Text(JsonObject json, string key, List<string> problems)
    {
        if (json[key] is not { } node)
            return null;
        if (node is JsonValue value && value.GetValueKind() == JsonValueKind.String && value.GetValue<string>() is { Length: <= 100 } text)
            return text;
        problems.Add($"{key} must be a class name");
        return null;
    }

    private static bool? Flag(JsonObject json, string key, List<string> problems)
    {
        if (json[key] is not { } node)
            return null;
        if (node.GetValueKind() is JsonValueKind.True or JsonValueKind.False)
            return node.GetValueKind() == JsonValueKind.True;
        problems.Add($"{key} must be true or false");
        return null;
    }

    private static int? Integer(JsonObject json, string key, List<string> problems)
    {
        if (json[key] is not { } node)
            return null;
        if (AsInteger(node) is { } value)
            return value;
        problems.Add($"{key} must be a whole number");
        return null;
    }

    private static double? Number(JsonObject json, string key, List<string> problems)
    {
        if (json[key] is not { } node)
            return null;
        if (AsNumber(node) is { } value)
            return value;
        problems.Add($"{key} must be a number");
        return null;
    }

    private static int? AsInteger(JsonNode? node) =>
        AsNumber(node) is { } value && value == Math.Floor(value) && Math.Abs(value) <= int.MaxValue ? (int)value : null;

    private static double? AsNumber(JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.TryGetValue<double>(out var number) && double.IsFinite(number)
            ? number
            : null;

    private static JsonArray WriteList(IReadOnlyList<double> values) => new([.. values.Select(v => (JsonNode)JsonValue.Create(v))]);

    private static JsonNode WriteSize(ImageSize size, bool isNew)
    {
        if (isNew)
            return new JsonObject { ["height"] = size.Height, ["width"] = size.Width };
        return size.Width == size.Height ? JsonValue.Create(size.Width) : new JsonArray(size.Width, size.Height);
    }
}
