using Sightline.Kernels;

namespace Sightline.Imaging;

/// <summary>
/// <see cref="PillowResize"/> for a picture that comes row by row, as stored: the same bits as turning the whole picture upright and resizing it then,
/// without ever holding it. Pillow's first pass runs along the upright rows. Where the picture lies on its side these are stored columns, so the passes
/// change places; where it is mirrored, so are the weights.
/// </summary>
internal sealed class RowResizer
{
    private readonly int _width, _orientation;
    private readonly ResampleCoefficients _columns, _rows;
    private readonly bool _rowsFirst; // the pass from stored row to stored row comes first
    private readonly int[] _spread;
    private readonly byte[] _between; // after the first pass: [height, columns out, 3], or [rows out, width, 3]
    private readonly byte[] _window; // stored rows that are still needed, [.., width, 3]; only where rows come first, otherwise those of one call
    private int _first, _count, _done;

    /// <summary>Prepares for a picture.</summary>
    /// <param name="width">Stored pixels per row.</param>
    /// <param name="height">Stored rows.</param>
    /// <param name="orientation">EXIF orientation, 1 to 8.</param>
    /// <param name="target">The upright size; neither side that of the picture, and a filter with weights.</param>
    /// <param name="mostRows">The most rows that <see cref="Add"/> is given at once.</param>
    public RowResizer(int width, int height, int orientation, ResizeTarget target, int mostRows)
    {
        (_width, _orientation, _rowsFirst) = (width, orientation, orientation >= 5);
        var (columns, rows) = _rowsFirst ? (target.Size.Height, target.Size.Width) : (target.Size.Width, target.Size.Height);
        _columns = ResampleCoefficients.Compute(width, columns, target.Resampling);
        _rows = ResampleCoefficients.Compute(height, rows, target.Resampling);
        if (orientation is 2 or 3 or 7 or 8)
            _columns = _columns.Mirror(width);
        if (orientation is 3 or 4 or 6 or 7)
            _rows = _rows.Mirror(height);
        _spread = ResampleKernels.Spread(_columns.Starts.Length, _columns.Counts, _columns.Weights);
        _between = new byte[checked(3 * (_rowsFirst ? rows * width : height * columns))];
        _window = new byte[checked(3 * width * (mostRows + (_rowsFirst ? _rows.Taps : 0)))];
    }

    /// <summary>Whether this class can do what is asked for; otherwise the whole picture is decoded and resized.</summary>
    public static bool CanResize(int width, int height, int orientation, ResizeTarget target)
    {
        var (uprightWidth, uprightHeight) = orientation >= 5 ? (height, width) : (width, height);
        return target.Resampling != Resampling.Nearest && uprightWidth != target.Size.Width && uprightHeight != target.Size.Height && ResampleKernels.IsVectorized;
    }

    /// <summary>Takes the next rows.</summary>
    /// <param name="rgba">[rows, width, 4].</param>
    public void Add(ReadOnlySpan<byte> rgba)
    {
        var rowBytes = _width * 3;
        var added = rgba.Length / (_width * 4);
        if (!_rowsFirst)
        {
            var rows = _window.AsSpan(0, added * rowBytes);
            PixelKernels.RgbaToRgb(rgba, rows);
            var outBytes = _columns.Starts.Length * 3;
            Horizontal(rows, _between.AsSpan(_first * outBytes, added * outBytes));
            _first += added;
            return;
        }

        var end = _first + _count;
        var needed = _done < _rows.Starts.Length ? Math.Min(_rows.Starts[_done], end) : end;
        _window.AsSpan((needed - _first) * rowBytes, (end - needed) * rowBytes).CopyTo(_window);
        (_first, _count) = (needed, end - needed + added);
        PixelKernels.RgbaToRgb(rgba, _window.AsSpan((end - needed) * rowBytes));
        for (; _done < _rows.Starts.Length && _rows.Starts[_done] + _rows.Counts[_done] <= _first + _count; _done++)
        {
            ResampleKernels.Vertical(
                _window.AsSpan(0, _count * rowBytes), rowBytes, _between.AsSpan(_done * rowBytes, rowBytes), [_rows.Starts[_done] - _first], [_rows.Counts[_done]],
                _rows.Weights.AsSpan(_done * _rows.Taps, _rows.Taps));
        }
    }

    /// <summary>The picture, upright, once every row was added.</summary>
    public RgbImage Finish()
    {
        var result = new RgbImage(_columns.Starts.Length, _rows.Starts.Length);
        if (_rowsFirst)
            Horizontal(_between, result.Pixels);
        else
            ResampleKernels.Vertical(_between, _columns.Starts.Length * 3, result.Pixels, _rows.Starts, _rows.Counts, _rows.Weights);
        return ExifOrientation.Apply(result, _orientation);
    }

    private void Horizontal(ReadOnlySpan<byte> source, Span<byte> target) =>
        ResampleKernels.Horizontal(source, _width, target, _columns.Starts.Length, _columns.Starts, _columns.Counts, _columns.Weights, _spread);
}
