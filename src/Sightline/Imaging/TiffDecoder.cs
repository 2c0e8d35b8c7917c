namespace Sightline.Imaging;

/// <summary>
/// The first page of a TIFF file: grey, palette, RGB and CMYK, with or without alpha, in strips or tiles, interleaved or in planes, plain, LZW,
/// Deflate, PackBits or JPEG. Own code because Skia reads no TIFF. (TIFF 6.0.)
/// </summary>
internal sealed class TiffDecoder
{
    private readonly ImageSource _image;
    private readonly TiffDirectory _directory;
    private readonly int _width, _height, _depth, _samples, _planes;
    private readonly long _compression, _photometric, _predictor;
    private readonly bool _premultiplied;
    private readonly SampleLayout _layout;
    private readonly byte[] _palette = ColorPalette.GreyRamp();

    private TiffDecoder(ImageSource image)
    {
        _image = image;
        _directory = new TiffDirectory(image);
        long width = _directory.Require(TiffTag.ImageWidth), height = _directory.Require(TiffTag.ImageLength);
        _compression = _directory.Get(TiffTag.Compression, TiffCompression.None);
        image.CheckSize("TIFF", width, height, MostPixelsPerByte(_compression));
        (_width, _height) = ((int)width, (int)height);
        _photometric = _directory.Require(TiffTag.Photometric);
        _predictor = _directory.Get(TiffTag.Predictor, 1);
        _samples = (int)Math.Min(_directory.Get(TiffTag.SamplesPerPixel, 1), 256);
        _planes = _directory.Get(TiffTag.PlanarConfiguration, 1) == 2 ? _samples : 1;
        _depth = (int)Math.Min(_directory.Get(TiffTag.BitsPerSample, 1), 256);
        _layout = ReadLayout();
        _premultiplied = _layout == SampleLayout.Rgba && _directory.Get(TiffTag.ExtraSamples, 0) == 1;
        if (_layout == SampleLayout.Palette)
            ReadPalette();
    }

    /// <summary>Decodes the first page, turned as its orientation says: TIFF's own tag is part of the format, and PIL 9.4 always obeys it.</summary>
    public static RgbImage Decode(ImageSource image)
    {
        var decoder = new TiffDecoder(image);
        var orientation = decoder._directory.Get(TiffTag.Orientation, 1);
        return ExifOrientation.Apply(decoder.ReadPicture(), orientation is >= 1 and <= 8 ? (int)orientation : 1);
    }

    private static long MostPixelsPerByte(long compression) => compression switch
    {
        TiffCompression.None => 8,
        TiffCompression.PackBits => 64 * 8,
        TiffCompression.Jpeg => 512,
        TiffCompression.Lzw => 4096 * 8,
        _ => 1032 * 8,
    };

    private SampleLayout ReadLayout()
    {
        if (_compression is not (TiffCompression.None or TiffCompression.Lzw or TiffCompression.Jpeg or TiffCompression.AdobeDeflate
            or TiffCompression.PackBits or TiffCompression.Deflate))
            throw _image.Unsupported("TIFF", $"compression {_compression}");
        if (_directory.Get(TiffTag.FillOrder, 1) != 1)
            throw _image.Unsupported("TIFF", "reversed bits");
        if (_directory.Get(TiffTag.SampleFormat, 1) != 1)
            throw _image.Unsupported("TIFF", "signed or floating-point samples");
        for (var i = 1; i < Math.Min(_directory.Count(TiffTag.BitsPerSample), _samples); i++)
            if (_directory.At(TiffTag.BitsPerSample, i) != _depth)
                throw _image.Unsupported("TIFF", "samples of different sizes");

        var isJpeg = _compression == TiffCompression.Jpeg;
        SampleLayout? layout = (_photometric, _samples, _depth) switch
        {
            (0 or 1, 1, 1 or 2 or 4 or 8 or 16) => SampleLayout.Grey,
            (0 or 1, 2, 8 or 16) => SampleLayout.GreyAlpha,
            (2, 3, 8 or 16) => SampleLayout.Rgb,
            (2, 4, 8 or 16) => SampleLayout.Rgba,
            (3, 1, 1 or 2 or 4 or 8) => SampleLayout.Palette,
            (5, 4, 8 or 16) => SampleLayout.Cmyk,
            (6, 3, 8) when isJpeg => SampleLayout.Rgb,
            _ => null,
        };
        if (layout is null || (isJpeg && (_depth != 8 || _planes != 1 || layout is not (SampleLayout.Rgb or SampleLayout.Grey))))
            throw _image.Unsupported("TIFF", $"colour kind {_photometric}, {_samples} samples of {_depth} bits and compression {_compression}");
        if (_predictor is not (1 or 2) || (_predictor == 2 && _depth is not (8 or 16)))
            throw _image.Unsupported("TIFF", $"predictor {_predictor} for {_depth} bits");
        return layout.Value;
    }

    private void ReadPalette()
    {
        // [3, 2^depth] of 16 bits, of which the high bytes count.
        var colors = 1 << _depth;
        for (var i = 0; i < colors; i++)
            for (var c = 0; c < 3; c++)
                _palette[(i * 3) + c] = (byte)(_directory.At(TiffTag.ColorMap, (c * colors) + i) >> 8);
    }

    private RgbImage ReadPicture()
    {
        var isTiled = _directory.Count(TiffTag.TileOffsets) > 0;
        var partWidth = isTiled ? _directory.Require(TiffTag.TileWidth) : _width;
        var partHeight = isTiled ? _directory.Require(TiffTag.TileLength) : Math.Min(_directory.Get(TiffTag.RowsPerStrip, _height), _height);
        _image.CheckSize("TIFF", partWidth, partHeight);
        if (isTiled && (partWidth > _width + 2048L || partHeight > _height + 2048L))
            throw _image.Damaged("TIFF", $"its tiles are {partWidth} x {partHeight}");
        if (((partWidth * _depth * _samples / 8) + _samples) * partHeight > Array.MaxLength)
            throw _image.Error($"a part of {partWidth} x {partHeight} pixels is too large. Make the picture smaller.");
        var (offsets, counts) = isTiled
            ? (TiffTag.TileOffsets, TiffTag.TileByteCounts)
            : (TiffTag.StripOffsets, TiffTag.StripByteCounts);
        var result = new RgbImage(_width, _height);
        var across = (_width + partWidth - 1) / partWidth;
        var down = (_height + partHeight - 1) / partHeight;
        var part = new TiffPart((int)partWidth, (int)partHeight, _depth, _samples, _planes);
        for (var i = 0L; i < across * down; i++)
        {
            var left = (int)(i % across * partWidth);
            var top = (int)(i / across * partHeight);
            var rows = isTiled ? part.Height : Math.Min(part.Height, _height - top);
            if (_compression == TiffCompression.Jpeg)
                TiffJpeg.ReadPart(_image, _directory, Slice(offsets, counts, i), _photometric, part.Width, rows, result, left, top);
            else
                ReadPart(part, rows, plane => Slice(offsets, counts, i + (plane * across * down)), result, left, top);
        }

        return result;
    }

    private ReadOnlyMemory<byte> Slice(TiffTag offsets, TiffTag counts, long index)
    {
        var offset = _directory.At(offsets, index);
        var length = _directory.Count(counts) > 0 ? _directory.At(counts, index) : _image.Data.Length - offset;
        return offset >= 0 && length >= 0 && offset + length <= _image.Data.Length
            ? _image.Data.Slice((int)offset, (int)length)
            : throw _image.CutOff("TIFF");
    }

    private void ReadPart(TiffPart part, int rows, Func<int, ReadOnlyMemory<byte>> planeData, RgbImage result, int left, int top)
    {
        for (var plane = 0; plane < _planes; plane++)
            if (!TiffCompression.TryExpand(_compression, planeData(plane), part.PlaneRows(plane, rows)))
                throw _image.Damaged("TIFF", "its picture data are broken or cut off");
        for (var y = 0; y < Math.Min(rows, _height - top); y++)
        {
            var row = part.Interleave(y, _predictor == 2, _directory.IsLittleEndian);
            if (_photometric == 0 && _depth <= 8)
                for (var i = 0; i < row.Length; i++)
                    row[i] = (byte)~row[i];
            var width = Math.Min(part.Width, _width - left);
            if (_premultiplied)
                Unpremultiply(row, _depth / 8);
            SampleRows.ToRgb(row, width, _depth, _layout, _palette, result.Row(top + y)[(left * 3)..]);
        }
    }

    // Pillow's RGBa: only the high bytes count.
    private static void Unpremultiply(Span<byte> row, int bytes)
    {
        for (var pixel = row; pixel.Length >= 4 * bytes; pixel = pixel[(4 * bytes)..])
        {
            int alpha = pixel[3 * bytes];
            for (var c = 0; c < 3; c++)
                pixel[c * bytes] = alpha == 0 ? (byte)0 : (byte)Math.Min(255 * pixel[c * bytes] / alpha, 255);
        }
    }
}
