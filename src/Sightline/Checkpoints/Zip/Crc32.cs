using System.Buffers.Binary;

namespace Sightline.Checkpoints.Zip;

/// <summary>The checksum of zip files (polynomial 0xEDB88320), eight bytes a step.</summary>
internal static class Crc32
{
    private static readonly uint[][] s_tables = MakeTables();

    public static uint Compute(ReadOnlySpan<byte> data)
    {
        var crc = ~0u;
        var t = s_tables;
        while (data.Length >= 8)
        {
            var low = BinaryPrimitives.ReadUInt32LittleEndian(data) ^ crc;
            var high = BinaryPrimitives.ReadUInt32LittleEndian(data[4..]);
            crc = t[7][low & 0xFF] ^ t[6][(low >> 8) & 0xFF] ^ t[5][(low >> 16) & 0xFF] ^ t[4][low >> 24]
                ^ t[3][high & 0xFF] ^ t[2][(high >> 8) & 0xFF] ^ t[1][(high >> 16) & 0xFF] ^ t[0][high >> 24];
            data = data[8..];
        }

        foreach (var value in data)
            crc = t[0][(crc ^ value) & 0xFF] ^ (crc >> 8);
        return ~crc;
    }

    // tables[k][b]: the effect of byte b followed by k zero bytes.
    private static uint[][] MakeTables()
    {
        var tables = new uint[8][];
        for (var k = 0; k < tables.Length; k++)
        {
            tables[k] = new uint[256];
            for (var b = 0u; b < 256; b++)
            {
                var crc = k == 0 ? b : tables[k - 1][b];
                for (var bit = 0; bit < 8; bit++)
                    crc = (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
                tables[k][b] = crc;
            }
        }

        return tables;
    }
}
