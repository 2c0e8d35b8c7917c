using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sightline.Checkpoints;
using Sightline.Imaging;

namespace Sightline.Verification.Kinds;

/// <summary>The comparisons of one picture of <c>images/</c>.</summary>
internal sealed partial class ImageRun(string folder, TensorSource golden, Comparison comparison)
{
    // The statistics are stored with nine decimals.
    private static readonly Tolerance s_statistics = new(1e-8, 0, "abs 1e-8 (statistics)");

    private static readonly ImageDecodeOptions s_asStored = new() { ApplyExifOrientation = false };

    public void ComparePicture(string name, JsonNode facts)
    {
        var image = ImageDecoder.DecodeFile(Path.Combine(folder, name), s_asStored);
        comparison.True(facts["width"]!.GetValue<int>() == image.Width && facts["height"]!.GetValue<int>() == image.Height,
            () => $"{image.Width} × {image.Height} pixels instead of {facts["width"]} × {facts["height"]}");
        ComparePixels($"{facts["rgb_same_as"]?.GetValue<string>() ?? name}/rgb", image.Pixels);
        if (golden.Tensors.ContainsKey($"{name}/rgb_rows_every_16"))
            ComparePixels($"{name}/rgb_rows_every_16", [.. Enumerable.Range(0, (image.Height + 15) / 16).SelectMany(y => image.Pixels.AsSpan(y * 16 * image.Width * 3, image.Width * 3).ToArray())]);
        CompareHash("rgb", facts["rgb_sha256"], image.Pixels);
        if (facts["exif_transposed_size"] is not null)
            ComparePixels($"{name}/rgb_exif", ImageDecoder.DecodeFile(Path.Combine(folder, name)).Pixels);

        foreach (var tensor in golden.Tensors.Keys.Where(key => key.StartsWith($"{name}/resize_", StringComparison.Ordinal)))
        {
            var match = ResizeName().Match(tensor);
            var resampling = Enum.Parse<Resampling>(match.Groups[1].Value, ignoreCase: true);
            var (height, width) = (int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture), int.Parse(match.Groups[3].Value, CultureInfo.InvariantCulture));
            ComparePixels(tensor, PillowResize.Resize(image, width, height, resampling).Pixels);
        }

        CompareModelInput(name, facts, image);
    }

    public void CompareTables()
    {
        using var tables = SafetensorsFile.Open(Path.Combine(folder, "pixel_tables.safetensors"));
        foreach (var name in tables.Tensors.Keys.Order(StringComparer.Ordinal))
        {
            var imageNet = name.Contains("imagenet", StringComparison.Ordinal);
            var gray = new RgbImage(256, 1, [.. Enumerable.Range(0, 256).SelectMany(value => new[] { (byte)value, (byte)value, (byte)value })]);
            foreach (var style in Enum.GetValues<ImageProcessorStyle>())
            {
                var processor = new ViTImageProcessor(new ImageProcessorConfig
                {
                    Style = style,
                    DoResize = false,
                    ImageMean = imageNet ? [0.485, 0.456, 0.406] : [0.5, 0.5, 0.5],
                    ImageStd = imageNet ? [0.229, 0.224, 0.225] : [0.5, 0.5, 0.5],
                });
                comparison.Equal<float>($"{name} ({style})", tables.ReadSingles(name), processor.Preprocess(gray));
            }
        }
    }

    public void ComparePipeline(string name, JsonNode pipeline)
    {
        var prefix = $"pipeline/{name}/";
        foreach (var tensor in golden.Tensors.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            var processor = new ViTImageProcessor(ImageProcessorConfig.Parse((JsonObject)pipeline["config"]!.DeepClone(), "expected.json"));
            var pixelValues = processor.Preprocess(ImageDecoder.DecodeFile(Path.Combine(folder, tensor[prefix.Length..]), s_asStored));
            var shape = pipeline["shape"]!.AsArray().Select(size => size!.GetValue<int>()).ToArray();
            comparison.True(pixelValues.Length == shape[0] * shape[1] * shape[2], () => $"{name}: {pixelValues.Length} values instead of {string.Join(" × ", shape)}");
            var step = int.Parse(EveryNth().Match(pipeline["tensor"]!.GetValue<string>()).Groups[1].Value, CultureInfo.InvariantCulture);
            comparison.Equal<float>(tensor, golden.ReadSingles(tensor), [.. Enumerable.Range(0, pixelValues.Length)
                .Where(i => i % shape[2] % step == 0 && i / shape[2] % shape[1] % step == 0).Select(i => pixelValues[i])]);
        }
    }

    public void CompareError(string name, JsonNode error)
    {
        var message = "";
        try
        {
            ImageDecoder.DecodeFile(Path.Combine(folder, name));
        }
        catch (ImageDecodeException e)
        {
            message = e.Message;
        }

        comparison.True(message.Length > 0, () => $"decoded; the reference raises {error["error"]}");
    }

    // 224 × 224 bilinear, mean and standard deviation 0.5: the whole by hash and statistics, some of it by value.
    private void CompareModelInput(string name, JsonNode facts, RgbImage image)
    {
        var resized = PillowResize.Resize(image, 224, 224, Resampling.Bilinear);
        CompareHash("resized224", facts["resized224_sha256"], resized.Pixels);
        if (golden.Tensors.ContainsKey($"{name}/sub224"))
        {
            var positions = Enumerable.Range(0, 16).Select(i => 7 + (14 * i)).ToArray();
            ComparePixels($"{name}/sub224", [.. positions.SelectMany(y => positions.SelectMany(x => resized.Pixels.AsSpan((y * 224 + x) * 3, 3).ToArray()))]);
        }

        var pixelValues = new ViTImageProcessor(new ImageProcessorConfig()).Preprocess(image);
        for (var channel = 0; channel < 3; channel++)
        {
            var values = pixelValues.AsSpan(channel * 224 * 224, 224 * 224).ToArray();
            var mean = values.Average(value => (double)value);
            var deviation = Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
            comparison.Close($"mean of channel {channel}", facts["pixel_stats"]!["mean"]![channel]!.GetValue<double>(), mean, s_statistics);
            comparison.Close($"standard deviation of channel {channel}", facts["pixel_stats"]!["std"]![channel]!.GetValue<double>(), deviation, s_statistics);
        }
    }

    private void ComparePixels(string tensor, byte[] pixels)
    {
        if (golden.Tensors.ContainsKey(tensor))
            comparison.Equal(tensor, golden.GetBytes(tensor), (ReadOnlySpan<byte>)pixels);
    }

    private void CompareHash(string what, JsonNode? expected, byte[] pixels)
    {
        if (expected is not null)
            comparison.True(Convert.ToHexStringLower(SHA256.HashData(pixels)) == expected.GetValue<string>(), () => $"{what}: SHA-256 differs");
    }

    [GeneratedRegex(@"/resize_([a-z]+)_(\d+)x(\d+)$")]
    private static partial Regex ResizeName();

    [GeneratedRegex(@"::(\d+)")]
    private static partial Regex EveryNth();
}
