namespace Sightline.Imaging;

/// <summary>The kinds of picture files that are told apart by their first bytes; the file name never counts.</summary>
internal enum ImageKind
{
    Unknown,
    Jpeg,
    Png,
    Gif,
    Bmp,
    WebP,
    Tiff,

    /// <summary>HEIC, HEIF or AVIF: recognised to give a helpful message, not decoded.</summary>
    Heif,
}

/// <summary>Recognises <see cref="ImageKind"/>.</summary>
internal static class ImageKinds
{
    public static ImageKind Detect(ReadOnlySpan<byte> data)
    {
        if (data.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]))
            return ImageKind.Jpeg;
        if (data.StartsWith(PngDecoder.Signature))
            return ImageKind.Png;
        if (data.StartsWith("GIF87a"u8) || data.StartsWith("GIF89a"u8))
            return ImageKind.Gif;
        if (data.StartsWith("BM"u8))
            return ImageKind.Bmp;
        if (data.StartsWith("RIFF"u8) && data.Length >= 12 && data[8..12].SequenceEqual("WEBP"u8))
            return ImageKind.WebP;
        if (data.StartsWith("II"u8) || data.StartsWith("MM"u8))
            return data.Length >= 4 && (data[2] | data[3]) is 42 or 43 ? ImageKind.Tiff : ImageKind.Unknown;
        return data.Length >= 12 && data[4..8].SequenceEqual("ftyp"u8) ? ImageKind.Heif : ImageKind.Unknown;
    }
}
