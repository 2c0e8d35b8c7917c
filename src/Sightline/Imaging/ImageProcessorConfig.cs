using System.Text.Json.Nodes;
using Sightline.IO;

namespace Sightline.Imaging;

/// <summary>
/// What preprocessor_config.json says: how a picture becomes the model's input. Every order of steps is resize, centre crop, rescale, normalise;
/// the defaults are those of ViT (google/vit-base-patch16-224 and the model card's own repository, which has no such file).
/// </summary>
public sealed record ImageProcessorConfig
{
    /// <summary>The file that Transformers up to 4.x writes, and <see cref="Save"/>.</summary>
    public const string FileName = "preprocessor_config.json";

    /// <summary>The file that Transformers 5.x writes, with the same keys under <c>image_processor</c>.</summary>
    public const string NestedFileName = "processor_config.json";

    /// <summary>The Transformers class: begins with ViT or DeiT. Default <c>ViTFeatureExtractor</c>.</summary>
    public string ProcessorType { get; init; } = "ViTFeatureExtractor";

    /// <summary>Which generation's rules apply. Default <see cref="ImageProcessorStyle.FeatureExtractor"/>.</summary>
    public ImageProcessorStyle Style { get; init; } = ImageProcessorStyle.FeatureExtractor;

    /// <summary>Whether the picture is resized to <see cref="Size"/>, its proportions ignored. Default true.</summary>
    public bool DoResize { get; init; } = true;

    /// <summary>The size to resize to. Default 224 x 224; each side from 1 to 8192.</summary>
    public ImageSize Size { get; init; } = new(224, 224);

    /// <summary>The filter of the resize. Default bilinear.</summary>
    public Resampling Resample { get; init; } = Resampling.Bilinear;

    /// <summary>Whether the centre of the resized picture is cut out; what lies outside of it is black. Default false (ViT); true for DeiT.</summary>
    public bool DoCenterCrop { get; init; }

    /// <summary>The size of the cut. Default 224 x 224; each side from 1 to 8192.</summary>
    public ImageSize CropSize { get; init; } = new(224, 224);

    /// <summary>Whether bytes are multiplied by <see cref="RescaleFactor"/>. Default true; always true in 4.17.</summary>
    public bool DoRescale { get; init; } = true;

    /// <summary>Default 1/255; always that in 4.17.</summary>
    public double RescaleFactor { get; init; } = 1.0 / 255;

    /// <summary>Whether <see cref="ImageMean"/> is taken off and the result divided by <see cref="ImageStd"/>. Default true.</summary>
    public bool DoNormalize { get; init; } = true;

    /// <summary>[3] mean of red, green and blue after rescaling. Default 0.5 each.</summary>
    public IReadOnlyList<double> ImageMean { get; init; } = [0.5, 0.5, 0.5];

    /// <summary>[3] divisor of red, green and blue; not zero. Default 0.5 each.</summary>
    public IReadOnlyList<double> ImageStd { get; init; } = [0.5, 0.5, 0.5];

    /// <summary>
    /// Reads the configuration of a checkpoint folder: <c>image_processor</c> in processor_config.json where there is one, otherwise
    /// preprocessor_config.json, otherwise the ViT defaults.
    /// </summary>
    /// <exception cref="ConfigurationException">A file cannot be read or used; the message lists every problem.</exception>
    public static ImageProcessorConfig Load(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var nestedPath = Path.Combine(folder, NestedFileName);
        if (File.Exists(nestedPath) && JsonFile.ReadObject(nestedPath)["image_processor"] is JsonObject nested)
            return Parse(nested, nestedPath);
        var path = Path.Combine(folder, FileName);
        return File.Exists(path) ? Parse(JsonFile.ReadObject(path), path) : new ImageProcessorConfig();
    }

    /// <summary>Reads the keys of a preprocessor_config.json.</summary>
    /// <param name="json">The object that holds them.</param>
    /// <param name="source">How error messages call it.</param>
    /// <exception cref="ConfigurationException">Something cannot be used; the message lists every problem.</exception>
    public static ImageProcessorConfig Parse(JsonObject json, string source) => ImageProcessorConfigJson.Read(json, source);

    /// <summary>The keys and values that Transformers of this <see cref="Style"/> writes, in its order.</summary>
    public JsonObject ToJson() => ImageProcessorConfigJson.Write(this);

    /// <summary>Writes preprocessor_config.json as Transformers of this <see cref="Style"/> does, byte for byte.</summary>
    /// <param name="folder">An existing folder.</param>
    public void Save(string folder) => JsonFile.WriteObject(Path.Combine(folder, FileName), ToJson());

    /// <summary>Checks every range.</summary>
    /// <exception cref="ConfigurationException">Something is out of range; the message lists every problem.</exception>
    public void Validate() => ImageProcessorConfigJson.ThrowIfAny(Problems(), "image processor configuration");

    internal IEnumerable<string> Problems()
    {
        const int MaxSide = 8192;
        if (!ProcessorType.StartsWith("ViT", StringComparison.Ordinal) && !ProcessorType.StartsWith("DeiT", StringComparison.Ordinal))
            yield return $"processor type '{ProcessorType}' is not supported; expected one of ViT or DeiT";
        if (Size.Width is < 1 or > MaxSide || Size.Height is < 1 or > MaxSide)
            yield return $"size {Size} is out of range; sides from 1 to {MaxSide} are supported";
        if (DoCenterCrop && (CropSize.Width is < 1 or > MaxSide || CropSize.Height is < 1 or > MaxSide))
            yield return $"crop_size {CropSize} is out of range; sides from 1 to {MaxSide} are supported";
        if (!Enum.IsDefined(Resample))
            yield return $"resample {(int)Resample} is no filter; expected 0 to 5 (2 is bilinear, 3 bicubic)";
        if (ImageMean.Count != 3 || ImageStd.Count != 3)
            yield return $"image_mean has {ImageMean.Count} and image_std {ImageStd.Count} values; expected 3 each";
        if (ImageStd.Any(s => (float)s == 0))
            yield return "image_std holds a zero";
    }
}
