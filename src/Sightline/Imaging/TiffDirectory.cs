using System.Buffers.Binary;

namespace Sightline.Imaging;

/// <summary>The first image directory of a TIFF file (TIFF 6.0, section 2).</summary>
internal sealed class TiffDirectory
{
    private readonly ImageSource _image;
    private readonly bool _littleEndian;
    private readonly Dictionary<TiffTag, (int Type, uint Count, int Offset)> _entries = [];

    public TiffDirectory(ImageSource image)
    {
        _image = image;
        var data = image.Data.Span;
        if (data.Length < 8)
            throw image.CutOff("TIFF");
        _littleEndian = data[0] == 'I';
        if (U16(2) == 43)
            throw image.Unsupported("TIFF", "64-bit offsets (BigTIFF)");
        var start = U32(4);
        var count = U16(start);
        for (var i = 0; i < count; i++)
        {
            var at = start + 2 + (12L * i);
            int type = U16(at + 2), size = TypeSize(type);
            var values = U32(at + 4);
            if (size == 0)
                continue;
            var offset = (long)values * size <= 4 ? at + 8 : U32(at + 8);
            if (offset + ((long)values * size) <= data.Length)
                _entries.TryAdd((TiffTag)U16(at), (type, values, (int)offset));
        }
    }

    public bool IsLittleEndian => _littleEndian;

    /// <summary>The only or first value of a tag, or a default where the tag is absent.</summary>
    public long Get(TiffTag tag, long whenAbsent) => TryGet(tag, 0, out var value) ? value : whenAbsent;

    /// <summary>The first value of a tag that must be there.</summary>
    public long Require(TiffTag tag) => TryGet(tag, 0, out var value) ? value : throw _image.Damaged("TIFF", $"tag {(int)tag} is missing or lies outside the file");

    /// <summary>How many values a tag has; 0 where it is absent.</summary>
    public long Count(TiffTag tag) => _entries.TryGetValue(tag, out var entry) ? entry.Count : 0;

    /// <summary>One value of a tag.</summary>
    public long At(TiffTag tag, long index) =>
        TryGet(tag, index, out var value) ? value : throw _image.Damaged("TIFF", $"tag {(int)tag} has too few values");

    private bool TryGet(TiffTag tag, long index, out long value)
    {
        value = 0;
        if (!_entries.TryGetValue(tag, out var entry) || index >= entry.Count)
            return false;
        var at = entry.Offset + (index * TypeSize(entry.Type));
        value = entry.Type switch { 1 or 7 => _image.Data.Span[(int)at], 3 => U16(at), _ => U32(at) };
        return true;
    }

    // BYTE, SHORT, LONG, UNDEFINED: the integers that baseline readers need. Others are passed over.
    private static int TypeSize(int type) => type switch { 1 or 7 => 1, 3 => 2, 4 => 4, _ => 0 };

    private ushort U16(long at)
    {
        var bytes = Bytes(at, 2);
        return _littleEndian ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);
    }

    private uint U32(long at)
    {
        var bytes = Bytes(at, 4);
        return _littleEndian ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
    }

    private ReadOnlySpan<byte> Bytes(long at, int count) =>
        at + count <= _image.Data.Length ? _image.Data.Span.Slice((int)at, count) : throw _image.CutOff("TIFF");
}

/// <summary>The tags that are read.</summary>
internal enum TiffTag
{
    ImageWidth = 256,
    ImageLength = 257,
    BitsPerSample = 258,
    Compression = 259,
    Photometric = 262,
    FillOrder = 266,
    StripOffsets = 273,
    Orientation = 274,
    SamplesPerPixel = 277,
    RowsPerStrip = 278,
    StripByteCounts = 279,
    PlanarConfiguration = 284,
    Predictor = 317,
    ColorMap = 320,
    TileWidth = 322,
    TileLength = 323,
    TileOffsets = 324,
    TileByteCounts = 325,
    ExtraSamples = 338,
    SampleFormat = 339,
    JpegTables = 347,
}
