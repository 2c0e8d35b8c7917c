using System.Buffers.Binary;
using System.Text;

namespace Sightline.Checkpoints.Zip;

/// <summary>
/// The entries of a zip file (with zip64) as <c>torch.save</c> writes it: stored, not compressed, so that each entry is a range of the mapped file.
/// Nothing is ever extracted; names are keys, not paths. CRCs are not checked, as <c>torch.load</c> does not: a file may be saved without them.
/// </summary>
internal sealed class ZipDirectory
{
    private const int EndLength = 22;
    private const int Zip64EndLength = 56;
    private const int Zip64LocatorLength = 20;
    private const int CentralLength = 46;
    private const int LocalLength = 30;
    private const int MaxComment = ushort.MaxValue;

    private readonly MappedFile _file;
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    private ZipDirectory(MappedFile file) => _file = file;

    /// <summary>Names as stored, in the order of the central directory.</summary>
    public IReadOnlyCollection<string> Names => _entries.Keys;

    /// <summary>The name of the first entry, or an empty text where there is none.</summary>
    public string FirstName { get; private set; } = "";

    /// <summary>True where the file begins as a zip file does.</summary>
    public static bool IsZip(MappedFile file) => file.Length >= 4 && file.Span(0, 4).SequenceEqual("PK\u0003\u0004"u8);

    /// <exception cref="CheckpointException">The directory is damaged.</exception>
    public static ZipDirectory Read(MappedFile file)
    {
        var directory = new ZipDirectory(file);
        directory.ReadEntries();
        return directory;
    }

    /// <summary>Where the data of an entry lie in the file.</summary>
    /// <returns>False where there is no such entry.</returns>
    /// <exception cref="CheckpointException">The entry is compressed, encrypted or lies outside the file.</exception>
    public bool TryLocate(string name, out long offset, out long length)
    {
        offset = length = 0;
        if (!_entries.TryGetValue(name, out var entry))
            return false;
        if (entry.Method != 0)
            throw Fail($"entry {MessageText.Quote(name)} is compressed (method {entry.Method}); torch.save stores entries as they are: load and save the file again with PyTorch");
        if ((entry.Flags & 1) != 0)
            throw Fail($"entry {MessageText.Quote(name)} is encrypted");
        if (entry.CompressedSize != entry.Size)
            throw Fail($"entry {MessageText.Quote(name)} is stored, yet its sizes {entry.CompressedSize} and {entry.Size} differ");
        if (entry.HeaderOffset > _file.Length - LocalLength)
            throw Fail($"entry {MessageText.Quote(name)} begins at byte {entry.HeaderOffset}, beyond the file's {_file.Length}");
        var local = _file.Span(entry.HeaderOffset, LocalLength);
        if (!local.StartsWith("PK\u0003\u0004"u8))
            throw Fail($"entry {MessageText.Quote(name)} has no header at byte {entry.HeaderOffset}");
        offset = entry.HeaderOffset + LocalLength + U16(local, 26) + U16(local, 28);
        length = entry.Size;
        if (offset > _file.Length || length > _file.Length - offset)
            throw Fail($"entry {MessageText.Quote(name)} claims bytes {offset} to {(Int128)offset + length} of a file of {_file.Length}");
        return true;
    }

    private void ReadEntries()
    {
        var end = FindEnd();
        var record = _file.Span(end, EndLength);
        long disk = U16(record, 4), diskOfDirectory = U16(record, 6), count = U16(record, 10), size = U32(record, 12), offset = U32(record, 16);
        if (end >= Zip64LocatorLength && _file.Span(end - Zip64LocatorLength, 4).SequenceEqual("PK\u0006\u0007"u8))
        {
            var at = I64(_file.Span(end - Zip64LocatorLength, Zip64LocatorLength), 8);
            if (at < 0 || at > end - Zip64LocatorLength - Zip64EndLength || !_file.Span(at, 4).SequenceEqual("PK\u0006\u0006"u8))
                throw Fail("the zip64 end record is missing");
            var zip64 = _file.Span(at, Zip64EndLength);
            (disk, diskOfDirectory, count, size, offset) = (U32(zip64, 16), U32(zip64, 20), I64(zip64, 32), I64(zip64, 40), I64(zip64, 48));
        }

        if (disk != 0 || diskOfDirectory != 0)
            throw Fail("the archive is split over several files");
        if (offset < 0 || size < 0 || offset > end || size > end - offset)
            throw Fail($"the central directory claims {size} bytes from {offset} on; the file has room up to {end}");
        if (count < 0 || count > size / CentralLength)
            throw Fail($"the central directory claims {count} entries in {size} bytes");
        ReadCentral(offset, offset + size, count);
    }

    private void ReadCentral(long position, long end, long count)
    {
        for (var i = 0L; i < count; i++)
        {
            if (end - position < CentralLength)
                throw Fail($"the central directory ends after {i} of {count} entries");
            var header = _file.Span(position, CentralLength);
            if (!header.StartsWith("PK\u0001\u0002"u8))
                throw Fail($"entry {i} of the central directory is damaged");
            int nameLength = U16(header, 28), extraLength = U16(header, 30), commentLength = U16(header, 32);
            if (end - position - CentralLength < nameLength + extraLength + commentLength)
                throw Fail($"entry {i} of the central directory is cut off");
            var name = Encoding.UTF8.GetString(_file.Span(position + CentralLength, nameLength));
            var extra = _file.Span(position + CentralLength + nameLength, extraLength);
            var entry = new Entry(U16(header, 8), U16(header, 10), U32(header, 20), U32(header, 24), U32(header, 42));
            entry = WithZip64(entry, extra, name);
            if (!_entries.TryAdd(name, entry))
                throw Fail($"entry {MessageText.Quote(name)} appears twice");
            if (i == 0)
                FirstName = name;
            position += CentralLength + nameLength + extraLength + commentLength;
        }
    }

    // Extra field 1 holds, in this order, those of size, compressed size and offset that do not fit 32 bits.
    private Entry WithZip64(Entry entry, ReadOnlySpan<byte> extra, string name)
    {
        if (entry.Size != uint.MaxValue && entry.CompressedSize != uint.MaxValue && entry.HeaderOffset != uint.MaxValue)
            return entry;
        while (extra.Length >= 4)
        {
            int id = U16(extra, 0), length = U16(extra, 2);
            if (length > extra.Length - 4)
                break;
            var field = extra.Slice(4, length);
            if (id == 1)
            {
                var size = entry.Size == uint.MaxValue ? Take(ref field, name) : entry.Size;
                var compressed = entry.CompressedSize == uint.MaxValue ? Take(ref field, name) : entry.CompressedSize;
                var offset = entry.HeaderOffset == uint.MaxValue ? Take(ref field, name) : entry.HeaderOffset;
                return entry with { Size = size, CompressedSize = compressed, HeaderOffset = offset };
            }

            extra = extra[(4 + length)..];
        }

        return entry;
    }

    private long Take(ref ReadOnlySpan<byte> field, string name)
    {
        if (field.Length < 8 || I64(field, 0) < 0)
            throw Fail($"entry {MessageText.Quote(name)} has a damaged zip64 field");
        var value = I64(field, 0);
        field = field[8..];
        return value;
    }

    // The end record is the last 22 bytes of the file, or lies before a comment whose length it tells.
    private long FindEnd()
    {
        for (var position = _file.Length - EndLength; position >= Math.Max(0, _file.Length - EndLength - MaxComment); position--)
        {
            var record = _file.Span(position, EndLength);
            if (record.StartsWith("PK\u0005\u0006"u8) && U16(record, 20) == _file.Length - EndLength - position)
                return position;
        }

        throw Fail("the end of the archive is missing; it is cut off");
    }

    private CheckpointException Fail(string problem) => new($"{_file.Path}: {problem}; not a sound PyTorch file, fetch or save it again.");

    private static int U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static long I64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);

    private readonly record struct Entry(int Flags, int Method, long CompressedSize, long Size, long HeaderOffset);
}
