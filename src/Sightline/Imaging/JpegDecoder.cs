namespace Sightline.Imaging;

/// <summary>JPEG: Skia's libjpeg-turbo decodes, this class judges size, completeness and orientation from the markers.</summary>
internal static class JpegDecoder
{
    // The first scan holds at least one bit for every 8 x 8 block of a component at full resolution.
    private const int MostPixelsPerByte = 8 * 64;

    public static DecodedPicture Decode(ImageSource image)
    {
        var structure = JpegStructure.Read(image.Data.Span);
        if (!structure.HasEnd)
            throw image.CutOff("JPEG");
        image.CheckSize("JPEG", structure.Width, structure.Height, MostPixelsPerByte);
        return SkiaDecoder.DecodeJpeg(image, image.Options.ApplyExifOrientation ? structure.Orientation : 1);
    }
}
