namespace Sightline.Imaging;

/// <summary>
/// Decodes JPEG, PNG, WebP, GIF (first frame), BMP and TIFF (first page) to the pixels that Python's <c>PIL.Image.open(f).convert("RGB")</c>
/// gives: alpha is dropped, not blended; palettes are expanded; 16-bit grey is clipped at 255, 16-bit colour keeps its high bytes; CMYK JPEG
/// is read as Adobe writes it. A damaged or cut-off file is an error, as in PIL. Safe to call from many threads.
/// </summary>
public static class ImageDecoder
{
    /// <summary>Decodes a picture in memory without copying the file.</summary>
    /// <param name="data">The whole file.</param>
    /// <param name="options">Orientation and limits; null: <see cref="ImageDecodeOptions.Default"/>.</param>
    /// <param name="source">How error messages call the picture; null: "image".</param>
    /// <exception cref="ImageDecodeException">Not a picture, damaged, cut off, too large, or of a kind that is not supported.</exception>
    public static RgbImage Decode(ReadOnlyMemory<byte> data, ImageDecodeOptions? options = null, string? source = null) =>
        Decode(data, options ?? ImageDecodeOptions.Default, source ?? "image", target: null).Image;

    /// <inheritdoc cref="Decode(ReadOnlyMemory{byte}, ImageDecodeOptions?, string?)"/>
    public static RgbImage Decode(byte[] data, ImageDecodeOptions? options = null, string? source = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        return Decode(data.AsMemory(), options, source);
    }

    /// <summary>Decodes a picture in memory; the file's bytes are copied once.</summary>
    /// <inheritdoc cref="Decode(ReadOnlyMemory{byte}, ImageDecodeOptions?, string?)"/>
    public static RgbImage Decode(ReadOnlySpan<byte> data, ImageDecodeOptions? options = null, string? source = null)
    {
        if (data.Length > (options ?? ImageDecodeOptions.Default).MaxBytes)
            throw TooManyBytes(source ?? "image", data.Length, options ?? ImageDecodeOptions.Default);
        return Decode(data.ToArray().AsMemory(), options, source);
    }

    /// <summary>Reads a stream to its end, at most <see cref="ImageDecodeOptions.MaxBytes"/>, and decodes it. The stream is left open.</summary>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <inheritdoc cref="Decode(ReadOnlyMemory{byte}, ImageDecodeOptions?, string?)"/>
    public static RgbImage Decode(Stream data, ImageDecodeOptions? options = null, string? source = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        return Decode(Read(data, options ?? ImageDecodeOptions.Default, source ?? "image"), options, source);
    }

    /// <summary>Reads and decodes a file; error messages name it by its path.</summary>
    /// <param name="path">The file; its extension does not matter.</param>
    /// <param name="options">Orientation and limits; null: <see cref="ImageDecodeOptions.Default"/>.</param>
    /// <exception cref="ImageDecodeException">
    /// The file is missing or cannot be read, is not a picture, damaged, cut off, too large, or of a kind that is not supported.
    /// </exception>
    public static RgbImage DecodeFile(string path, ImageDecodeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Decode(ReadFile(path, options ?? ImageDecodeOptions.Default), options, path);
    }

    /// <summary>The bytes of a file, at most <see cref="ImageDecodeOptions.MaxBytes"/>.</summary>
    internal static ReadOnlyMemory<byte> ReadFile(string path, ImageDecodeOptions options)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            return Read(stream, options, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new ImageDecodeException($"{path}: cannot be read ({e.Message})", e);
        }
    }

    /// <summary>The rest of a stream, at most <see cref="ImageDecodeOptions.MaxBytes"/>.</summary>
    internal static ReadOnlyMemory<byte> Read(Stream data, ImageDecodeOptions options, string name)
    {
        options.Validate();
        var length = data.CanSeek ? data.Length - data.Position : 0;
        if (length > options.MaxBytes)
            throw TooManyBytes(name, length, options);
        using var buffer = new MemoryStream(checked((int)Math.Max(length, 0)));
        var part = new byte[1 << 16];
        for (int read; (read = data.Read(part)) > 0;)
        {
            if (buffer.Length + read > options.MaxBytes)
                throw TooManyBytes(name, buffer.Length + read, options);
            buffer.Write(part, 0, read);
        }

        return buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
    }

    /// <summary>As the public methods; resized by the way where a target is given and the kind of file allows it.</summary>
    internal static DecodedPicture Decode(ReadOnlyMemory<byte> data, ImageDecodeOptions options, string source, ResizeTarget? target)
    {
        var image = new ImageSource(source, data, options, target);
        options.Validate();
        if (data.Length > options.MaxBytes)
            throw TooManyBytes(image.Name, data.Length, options);
        if (data.IsEmpty)
            throw image.Error("the file is empty; a picture was expected.");
        return ImageKinds.Detect(data.Span) switch
        {
            ImageKind.Jpeg => JpegDecoder.Decode(image),
            ImageKind.Png => Upright(image, PngDecoder.Decode(image)),
            ImageKind.Gif => Upright(image, (GifDecoder.Decode(image), 1)),
            ImageKind.Bmp => Upright(image, (SkiaDecoder.Decode(image, "BMP"), 1)),
            ImageKind.WebP => Upright(image, (SkiaDecoder.Decode(image, "WebP"), WebPExif.ReadOrientation(data.Span))),
            ImageKind.Tiff => Upright(image, (TiffDecoder.Decode(image), 1)),
            ImageKind.Heif => throw image.Error("HEIC, HEIF and AVIF are not supported; convert the picture to JPEG."),
            _ => throw image.Error("not a picture of a known kind (JPEG, PNG, WebP, GIF, BMP, TIFF)."),
        };
    }

    private static DecodedPicture Upright(ImageSource image, (RgbImage Picture, int Orientation) decoded)
    {
        var upright = image.Options.ApplyExifOrientation ? ExifOrientation.Apply(decoded.Picture, decoded.Orientation) : decoded.Picture;
        return new DecodedPicture(upright, upright.Width, upright.Height);
    }

    private static ImageDecodeException TooManyBytes(string name, long length, ImageDecodeOptions options) =>
        new($"{name}: at least {length} bytes; at most {options.MaxBytes} are read. Make the picture smaller.");
}
