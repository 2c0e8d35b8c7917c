namespace Sightline.Imaging;

/// <summary>The filters of Pillow's <c>Image.resize</c>, with Pillow's numbers, as the <c>resample</c> key of preprocessor_config.json stores them.</summary>
public enum Resampling
{
    /// <summary>The nearest pixel; no averaging when shrinking.</summary>
    Nearest = 0,

    /// <summary>Windowed sinc over three source pixels each side.</summary>
    Lanczos = 1,

    /// <summary>Triangle over one source pixel each side; the default of ViT processors.</summary>
    Bilinear = 2,

    /// <summary>Cubic with a = -0.5 over two source pixels each side; the default of DeiT processors.</summary>
    Bicubic = 3,

    /// <summary>Plain mean of the covered pixels.</summary>
    Box = 4,

    /// <summary>Hamming-windowed sinc over one source pixel each side.</summary>
    Hamming = 5,
}
