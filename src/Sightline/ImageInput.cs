using Sightline.Imaging;

namespace Sightline;

/// <summary>A picture to caption: a file, bytes or a stream. Nothing is read before it is needed.</summary>
public sealed class ImageInput
{
    private readonly Func<ImageDecodeOptions, RgbImage> _decode;

    private ImageInput(string name, Func<ImageDecodeOptions, RgbImage> decode)
    {
        Name = name;
        _decode = decode;
    }

    /// <summary>Names the picture in results and messages: its path, or what the caller called it.</summary>
    public string Name { get; }

    /// <summary>A picture file.</summary>
    public static ImageInput FromFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new ImageInput(path, options => ImageDecoder.DecodeFile(path, options));
    }

    /// <summary>The bytes of a picture file.</summary>
    /// <param name="bytes">Kept, not copied, until the picture is decoded.</param>
    /// <param name="name">Names the picture in messages.</param>
    public static ImageInput FromBytes(ReadOnlyMemory<byte> bytes, string name = "picture") =>
        new(name, options => ImageDecoder.Decode(bytes, options, name));

    /// <summary>A stream that gives a picture file; read once, from where it stands, and left open.</summary>
    public static ImageInput FromStream(Stream stream, string name = "picture")
    {
        ArgumentNullException.ThrowIfNull(stream);
        return new ImageInput(name, options => ImageDecoder.Decode(stream, options, name));
    }

    /// <summary>A picture file by its path.</summary>
    public static implicit operator ImageInput(string path) => FromFile(path);

    /// <summary>The bytes of a picture file.</summary>
    public static implicit operator ImageInput(byte[] bytes) => FromBytes(bytes);

    /// <summary>A stream that gives a picture file.</summary>
    public static implicit operator ImageInput(Stream stream) => FromStream(stream);

    internal RgbImage Decode(ImageDecodeOptions options) => _decode(options);
}
