namespace Sightline.Cli.IO;

/// <summary>Reads the lines of a stream as bytes, in memory bounded by the longest line that is accepted.</summary>
/// <param name="stream">Read to its end; left open.</param>
/// <param name="source">Names the stream in messages.</param>
/// <param name="maxBytes">The longest line.</param>
internal sealed class LineReader(Stream stream, string source, int maxBytes)
{
    private byte[] _buffer = new byte[Math.Min(1 << 16, maxBytes + 1)];
    private int _start, _end;
    private long _position;
    private bool _hasEnded;

    /// <summary>The number of the line read last, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>Where the line read last begins, in bytes from where the stream stood.</summary>
    public long Offset { get; private set; }

    /// <summary>Bytes from the beginning of the line read last to that of the next.</summary>
    public int Length { get; private set; }

    /// <summary>Whether the line read last ended with a line feed; the last one of a file may not.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Reads a line.</summary>
    /// <param name="line">Without its line feed (and a carriage return before it); valid until the next call.</param>
    /// <returns>False at the end.</returns>
    /// <exception cref="ConfigurationException">The line is too long.</exception>
    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        var searched = 0;
        while (true)
        {
            var length = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (length >= 0)
            {
                line = Take(searched + length, isWhole: true);
                return true;
            }

            searched = _end - _start;
            if (searched > maxBytes)
                throw new ConfigurationException($"{source}: line {Number + 1} has more than {maxBytes} bytes; is this the right file?");
            if (!_hasEnded && Fill())
                continue;
            _hasEnded = true;
            line = searched > 0 ? Take(searched, isWhole: false) : default;
            return searched > 0;
        }
    }

    private ReadOnlySpan<byte> Take(int length, bool isWhole)
    {
        var line = _buffer.AsSpan(_start, length);
        (Offset, IsWhole) = (_position, isWhole);
        var taken = length + (isWhole ? 1 : 0);
        _start += taken;
        _position += taken;
        Length = taken;
        Number++;
        return line.EndsWith((byte)'\r') ? line[..^1] : line;
    }

    private bool Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, (int)Math.Min(2L * _buffer.Length, maxBytes + 1L));
        var read = stream.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        return read > 0;
    }
}
