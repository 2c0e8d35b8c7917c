using System.Buffers.Binary;
using System.Text;

namespace Sightline.Imaging;

/// <summary>Walks the chunks of a PNG file, checking lengths and checksums, and offers the image data as one stream.</summary>
internal sealed class PngChunks(ImageSource image) : Stream
{
    private int _position = PngDecoder.Signature.Length;
    private ReadOnlyMemory<byte> _imageData;

    /// <summary>The four letters of the chunk that <see cref="MoveNext"/> found.</summary>
    public string Type { get; private set; } = "";

    /// <summary>Its data.</summary>
    public ReadOnlyMemory<byte> Chunk { get; private set; }

    /// <summary>Goes to the next chunk.</summary>
    /// <returns>False at the end of the file, or where it is cut off.</returns>
    /// <exception cref="ImageDecodeException">The checksum is wrong.</exception>
    public bool MoveNext()
    {
        var rest = image.Data.Span[_position..];
        if (rest.Length < 12)
            return false;
        var length = BinaryPrimitives.ReadUInt32BigEndian(rest);
        if (length > rest.Length - 12)
            return false;
        var size = (int)length;
        Type = Encoding.Latin1.GetString(rest.Slice(4, 4));
        if (Crc32.Compute(rest.Slice(4, 4 + size)) != BinaryPrimitives.ReadUInt32BigEndian(rest[(8 + size)..]))
            throw image.Damaged("PNG", "a checksum is wrong");
        Chunk = image.Data.Slice(_position + 8, size);
        _position += 12 + size;
        return true;
    }

    /// <summary>Makes the current IDAT chunk and those that follow it readable as a stream.</summary>
    public void BeginImageData() => _imageData = Chunk;

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        while (_imageData.IsEmpty)
        {
            if (Type != "IDAT" || !MoveNext() || Type != "IDAT")
                return 0;
            _imageData = Chunk;
        }

        var count = Math.Min(buffer.Length, _imageData.Length);
        _imageData.Span[..count].CopyTo(buffer);
        _imageData = _imageData[count..];
        return count;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override void Flush() { }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
