using System.Buffers.Binary;

namespace Sightline.Imaging;

/// <summary>The samples of one strip or tile, and the work of making interleaved rows of them.</summary>
internal sealed class TiffPart
{
    private readonly int _depth, _samples, _planes, _planeRowBytes;
    private readonly byte[] _bytes, _row;

    /// <param name="width">Pixels per row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="depth">Bits per sample.</param>
    /// <param name="samples">Samples per pixel.</param>
    /// <param name="planes">1 where pixels are interleaved, otherwise one plane per sample.</param>
    public TiffPart(int width, int height, int depth, int samples, int planes)
    {
        (Width, Height, _depth, _samples, _planes) = (width, height, depth, samples, planes);
        _planeRowBytes = checked((int)((((long)width * depth * samples / planes) + 7) / 8));
        _bytes = new byte[checked(_planeRowBytes * height * planes)];
        _row = new byte[planes == 1 ? 0 : _planeRowBytes * planes];
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>Where the first <paramref name="rows"/> rows of a plane belong: [rows, row bytes].</summary>
    public Span<byte> PlaneRows(int plane, int rows) => _bytes.AsSpan(plane * _planeRowBytes * Height, _planeRowBytes * rows);

    /// <summary>One row with the samples of a pixel side by side, 16-bit samples big-endian; to be called once per row.</summary>
    public Span<byte> Interleave(int y, bool undoDifferences, bool littleEndian)
    {
        for (var plane = 0; plane < _planes; plane++)
        {
            var row = _bytes.AsSpan(((plane * Height) + y) * _planeRowBytes, _planeRowBytes);
            if (_depth == 16 && littleEndian)
                for (var i = 0; i + 1 < row.Length; i += 2)
                    (row[i], row[i + 1]) = (row[i + 1], row[i]);
            if (undoDifferences)
                UndoDifferences(row, _samples / _planes);
        }

        if (_planes == 1)
            return _bytes.AsSpan(y * _planeRowBytes, _planeRowBytes);
        var size = _depth / 8;
        for (var plane = 0; plane < _planes; plane++)
        {
            var source = _bytes.AsSpan(((plane * Height) + y) * _planeRowBytes, _planeRowBytes);
            for (var x = 0; x < Width; x++)
                source.Slice(x * size, size).CopyTo(_row.AsSpan(((x * _planes) + plane) * size));
        }

        return _row;
    }

    private void UndoDifferences(Span<byte> row, int samples)
    {
        if (_depth == 8)
        {
            for (var i = samples; i < row.Length; i++)
                row[i] += row[i - samples];
            return;
        }

        for (var i = samples * 2; i + 1 < row.Length; i += 2)
        {
            var sum = BinaryPrimitives.ReadUInt16BigEndian(row[i..]) + BinaryPrimitives.ReadUInt16BigEndian(row[(i - (samples * 2))..]);
            BinaryPrimitives.WriteUInt16BigEndian(row[i..], (ushort)sum);
        }
    }
}
