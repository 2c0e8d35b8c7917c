using System.Buffers.Binary;
using System.Text;

namespace Sightline.Training.Native;

/// <summary>
/// The list of symbol versions that a 64-bit little-endian ELF library asks of others (<c>.gnu.version_r</c>; System V ABI, "Symbol Versioning" of the
/// Linux Standard Base). The loader refuses a library when a version is missing, unless the entry carries <c>VER_FLG_WEAK</c>.
/// </summary>
internal static class ElfVersionNeeds
{
    private const uint SectionRelocations = 4; // SHT_RELA
    private const uint SectionDynamicSymbols = 11; // SHT_DYNSYM
    private const uint SectionVersionNeeds = 0x6ffffffe; // SHT_GNU_verneed
    private const uint SectionSymbolVersions = 0x6fffffff; // SHT_GNU_versym
    private const ushort FlagWeak = 2; // VER_FLG_WEAK
    private const int HeaderSize = 64;
    private const int SectionHeaderSize = 64;
    private const int RelocationSize = 24;

    private readonly record struct Section(uint Type, int Offset, int Length, int Link, int Info);

    private readonly record struct Need(string Library, string Version, int FlagsOffset, ushort Flags, ushort Index);

    /// <summary>Every needed version, as (library, version, already weak).</summary>
    /// <exception cref="SightlineException">Not such an ELF file, or a table in it points outside it.</exception>
    public static IReadOnlyList<(string Library, string Version, bool Weak)> Read(ReadOnlySpan<byte> elf, string path) =>
        [.. ReadNeeds(elf, ReadSections(elf, path), path).Select(need => (need.Library, need.Version, (need.Flags & FlagWeak) != 0))];

    /// <summary>Marks one needed version as weak, in place. Nothing else of the file changes.</summary>
    /// <param name="elf">The whole library.</param>
    /// <param name="version">The version, e.g. <c>GLIBCXX_3.4.32</c>.</param>
    /// <param name="path">Names the file in errors.</param>
    /// <exception cref="SightlineException">
    /// The library does not need that version; or a relocation uses a symbol of it, so that the symbol would be missing at run time; or the file is damaged.
    /// </exception>
    public static void MarkWeak(Span<byte> elf, string version, string path)
    {
        var sections = ReadSections(elf, path);
        var found = false;
        foreach (var need in ReadNeeds(elf, sections, path))
        {
            if (need.Version != version)
                continue;
            RequireUnused(elf, sections, need, path);
            BinaryPrimitives.WriteUInt16LittleEndian(elf[need.FlagsOffset..], (ushort)(need.Flags | FlagWeak));
            found = true;
        }

        if (!found)
            throw new SightlineException($"{path}: does not need the symbol version {version}; nothing to mark.");
    }

    private static List<Section> ReadSections(ReadOnlySpan<byte> elf, string path)
    {
        if (elf.Length < HeaderSize || !elf.StartsWith("\u007fELF"u8) || elf[4] != 2 || elf[5] != 1)
            throw new SightlineException($"{path}: not a 64-bit little-endian ELF library.");
        var start = BinaryPrimitives.ReadUInt64LittleEndian(elf[40..]);
        var entrySize = BinaryPrimitives.ReadUInt16LittleEndian(elf[58..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(elf[60..]);
        if (entrySize != SectionHeaderSize || count == 0)
            throw new SightlineException($"{path}: {count} section headers of {entrySize} bytes; at least one of {SectionHeaderSize} was expected.");
        var sections = new List<Section>(count);
        for (var i = 0; i < count; i++)
        {
            var header = Slice(elf, start + (ulong)i * SectionHeaderSize, SectionHeaderSize, path);
            var type = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
            var offset = BinaryPrimitives.ReadUInt64LittleEndian(header[24..]);
            var length = BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
            var link = BinaryPrimitives.ReadUInt32LittleEndian(header[40..]);
            var info = BinaryPrimitives.ReadUInt32LittleEndian(header[44..]);
            if (type is SectionRelocations or SectionDynamicSymbols or SectionVersionNeeds or SectionSymbolVersions or 3)
                _ = Slice(elf, offset, length, path);
            else
                (offset, length) = (0, 0); // e.g. .bss, which has a length and no bytes
            if (link >= count && type is not 0)
                throw new SightlineException($"{path}: section {i} links to section {link} of {count}.");
            sections.Add(new Section(type, (int)offset, (int)length, (int)link, (int)Math.Min(info, int.MaxValue)));
        }

        return sections;
    }

    private static List<Need> ReadNeeds(ReadOnlySpan<byte> elf, List<Section> sections, string path)
    {
        var needs = new List<Need>();
        foreach (var section in sections.Where(s => s.Type == SectionVersionNeeds))
        {
            var strings = sections[section.Link];
            var position = 0UL;
            for (var i = 0; i < section.Info; i++)
            {
                var need = Entry(elf, section, position, 16, path);
                var count = BinaryPrimitives.ReadUInt16LittleEndian(need[2..]);
                var library = Text(elf, strings, BinaryPrimitives.ReadUInt32LittleEndian(need[4..]), path);
                var auxiliary = position + BinaryPrimitives.ReadUInt32LittleEndian(need[8..]);
                for (var j = 0; j < count; j++)
                {
                    var entry = Entry(elf, section, auxiliary, 16, path);
                    var flags = BinaryPrimitives.ReadUInt16LittleEndian(entry[4..]);
                    var index = BinaryPrimitives.ReadUInt16LittleEndian(entry[6..]);
                    var version = Text(elf, strings, BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]), path);
                    needs.Add(new Need(library, version, section.Offset + (int)auxiliary + 4, flags, index));
                    var next = BinaryPrimitives.ReadUInt32LittleEndian(entry[12..]);
                    if (next == 0)
                        break;
                    auxiliary += next;
                }

                var step = BinaryPrimitives.ReadUInt32LittleEndian(need[12..]);
                if (step == 0)
                    break;
                position += step;
            }
        }

        return needs;
    }

    // A version may be missing only if no relocation asks for one of its symbols.
    private static void RequireUnused(ReadOnlySpan<byte> elf, List<Section> sections, Need need, string path)
    {
        var versions = sections.Find(s => s.Type == SectionSymbolVersions);
        foreach (var section in sections.Where(s => s.Type == SectionRelocations))
        {
            for (var offset = 0; offset + RelocationSize <= section.Length; offset += RelocationSize)
            {
                var symbol = BinaryPrimitives.ReadUInt64LittleEndian(elf[(section.Offset + offset + 8)..]) >> 32;
                if (symbol == 0)
                    continue;
                if ((symbol + 1) * 2 > (ulong)versions.Length)
                    throw new SightlineException($"{path}: a relocation names symbol {symbol}; the table of symbol versions has {versions.Length / 2}.");
                var index = BinaryPrimitives.ReadUInt16LittleEndian(elf[(versions.Offset + (int)symbol * 2)..]);
                if ((index & 0x7fff) == need.Index)
                    throw new SightlineException($"{path}: symbol {symbol} of {need.Version} is really used; the version cannot be made optional. Use a system with a newer {need.Library}.");
            }
        }
    }

    private static ReadOnlySpan<byte> Entry(ReadOnlySpan<byte> elf, Section section, ulong offset, int size, string path) =>
        offset + (ulong)size <= (ulong)section.Length
            ? elf.Slice(section.Offset + (int)offset, size)
            : throw new SightlineException($"{path}: an entry at {offset} lies outside its section of {section.Length} bytes.");

    private static string Text(ReadOnlySpan<byte> elf, Section strings, uint offset, string path)
    {
        if (offset >= strings.Length)
            throw new SightlineException($"{path}: a name at {offset} lies outside the string table of {strings.Length} bytes.");
        var rest = elf.Slice(strings.Offset + (int)offset, strings.Length - (int)offset);
        var end = rest.IndexOf((byte)0);
        return end >= 0 ? Encoding.ASCII.GetString(rest[..end]) : throw new SightlineException($"{path}: a name at {offset} has no end.");
    }

    private static ReadOnlySpan<byte> Slice(ReadOnlySpan<byte> elf, ulong offset, ulong length, string path) =>
        offset <= (ulong)elf.Length && length <= (ulong)elf.Length - offset
            ? elf.Slice((int)offset, (int)length)
            : throw new SightlineException($"{path}: a section of {length} bytes at {offset} lies outside the file of {elf.Length} bytes.");
}
