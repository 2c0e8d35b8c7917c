namespace Sightline.Imaging;

/// <summary>Which generation of Transformers wrote a preprocessor_config.json; they read some keys differently.</summary>
public enum ImageProcessorStyle
{
    /// <summary>
    /// As 4.17: <c>feature_extractor_type</c>, <c>size</c> a number or [width, height], always divided by 255 in single precision.
    /// </summary>
    FeatureExtractor,

    /// <summary>
    /// As 4.31 and later: <c>image_processor_type</c>, <c>size</c> an object (a list is [height, width]), <c>do_rescale</c> and
    /// <c>rescale_factor</c>.
    /// </summary>
    ImageProcessor,
}
