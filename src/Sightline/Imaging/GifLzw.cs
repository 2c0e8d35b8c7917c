namespace Sightline.Imaging;

/// <summary>The LZW variant of GIF: codes from the low bits up, a clear code and an end code, at most 4096 codes of at most 12 bits.</summary>
internal ref struct GifLzw
{
    private const int MaxCodes = 4096;

    private readonly ImageSource _image;
    private readonly int _clear;
    private readonly short[] _prefix = new short[MaxCodes];
    private readonly byte[] _suffix = new byte[MaxCodes];

    // The string of the last code, last byte first; what a row did not take stays for the next.
    private readonly byte[] _stack = new byte[MaxCodes + 1];
    private int _stacked;
    private GifReader _reader;
    private ReadOnlySpan<byte> _block;
    private int _bits, _bitCount, _codeSize, _next, _last;
    private byte _firstOfLast;

    /// <param name="image">For messages.</param>
    /// <param name="reader">Stands at the code size.</param>
    public GifLzw(ImageSource image, GifReader reader)
    {
        var minimum = reader.Byte();
        if (minimum is < 1 or > 11)
            throw image.Damaged("GIF", $"its code size is {minimum}");
        _image = image;
        _reader = reader;
        _clear = 1 << minimum;
        for (var i = 0; i < _clear; i++)
            _suffix[i] = (byte)i;
        Clear();
    }

    /// <summary>Decodes exactly one row of palette indices.</summary>
    public void Read(Span<byte> row)
    {
        var x = 0;
        while (true)
        {
            while (_stacked > 0 && x < row.Length)
                row[x++] = _stack[--_stacked];
            if (x == row.Length)
                return;
            var code = ReadCode();
            if (code == _clear)
                Clear();
            else if (code == _clear + 1)
                throw _image.CutOff("GIF");
            else
                Expand(code);
        }
    }

    private void Clear() => (_codeSize, _next, _last) = (int.Log2(_clear) + 1, _clear + 2, -1);

    private void Expand(int code)
    {
        if (_last < 0 ? code >= _clear : code > _next || (code == _next && _next >= MaxCodes))
            throw _image.Damaged("GIF", "its compressed data are broken");
        var at = code;
        if (_last >= 0 && code == _next)
        {
            _stack[_stacked++] = _firstOfLast;
            at = _last;
        }

        for (; at >= _clear; at = _prefix[at])
            _stack[_stacked++] = _suffix[at];
        _stack[_stacked++] = _firstOfLast = (byte)at;
        if (_last >= 0 && _next < MaxCodes)
        {
            _prefix[_next] = (short)_last;
            _suffix[_next] = _firstOfLast;
            if (++_next == 1 << _codeSize && _codeSize < 12)
                _codeSize++;
        }

        _last = code;
    }

    private int ReadCode()
    {
        while (_bitCount < _codeSize)
        {
            if (_block.IsEmpty)
            {
                _block = _reader.Block();
                if (_block.IsEmpty)
                    throw _image.CutOff("GIF");
            }

            _bits |= _block[0] << _bitCount;
            _block = _block[1..];
            _bitCount += 8;
        }

        var code = _bits & ((1 << _codeSize) - 1);
        _bits >>= _codeSize;
        _bitCount -= _codeSize;
        return code;
    }
}
