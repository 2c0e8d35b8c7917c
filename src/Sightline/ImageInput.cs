using Sightline.Imaging;

namespace Sightline;

/// <summary>A picture to caption: a file, bytes or a stream. Nothing is read before it is needed.</summary>
public sealed class ImageInput
{
    private readonly Func<ImageDecodeOptions, ReadOnlyMemory<byte>> _read;

    private ImageInput(string name, Func<ImageDecodeOptions, ReadOnlyMemory<byte>> read)
    {
        Name = name;
        _read = read;
    }

    /// <summary>Names the picture in results and messages: its path, or what the caller called it.</summary>
    public string Name { get; }

    /// <summary>A picture file.</summary>
    public static ImageInput FromFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new ImageInput(path, options => ImageDecoder.ReadFile(path, options));
    }

    /// <summary>The bytes of a picture file.</summary>
    /// <param name="bytes">Kept, not copied, until the picture is decoded.</param>
    /// <param name="name">Names the picture in messages.</param>
    public static ImageInput FromBytes(ReadOnlyMemory<byte> bytes, string name = "picture") =>
        new(name, _ => bytes);

    /// <summary>A stream that gives a picture file; read once, from where it stands, and left open.</summary>
    public static ImageInput FromStream(Stream stream, string name = "picture")
    {
        ArgumentNullException.ThrowIfNull(stream);
        return new ImageInput(name, options => ImageDecoder.Read(stream, options, name));
    }

    /// <summary>A picture file by its path.</summary>
    public static implicit operator ImageInput(string path) => FromFile(path);

    /// <summary>The bytes of a picture file.</summary>
    public static implicit operator ImageInput(byte[] bytes) => FromBytes(bytes);

    /// <summary>A stream that gives a picture file.</summary>
    public static implicit operator ImageInput(Stream stream) => FromStream(stream);

    /// <summary>Decodes the picture, and resizes it by the way where its kind allows that.</summary>
    internal DecodedPicture Decode(ImageDecodeOptions options, ResizeTarget? target = null) => ImageDecoder.Decode(_read(options), options, Name, target);
}
