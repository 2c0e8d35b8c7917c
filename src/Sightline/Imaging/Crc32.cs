namespace Sightline.Imaging;

/// <summary>The CRC-32 of PNG (ISO 3309), by table, eight bytes a step.</summary>
internal static class Crc32
{
    private static readonly uint[][] s_tables = MakeTables();

    public static uint Compute(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        var t = s_tables;
        for (; data.Length >= 8; data = data[8..])
        {
            crc ^= System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(data);
            crc = t[7][(byte)crc] ^ t[6][(byte)(crc >> 8)] ^ t[5][(byte)(crc >> 16)] ^ t[4][crc >> 24]
                ^ t[3][data[4]] ^ t[2][data[5]] ^ t[1][data[6]] ^ t[0][data[7]];
        }

        foreach (var value in data)
            crc = t[0][(byte)(crc ^ value)] ^ (crc >> 8);
        return ~crc;
    }

    private static uint[][] MakeTables()
    {
        var tables = new uint[8][];
        for (var k = 0; k < 8; k++)
        {
            tables[k] = new uint[256];
            for (var i = 0; i < 256; i++)
            {
                var value = k == 0 ? (uint)i : tables[k - 1][i];
                for (var bit = 0; bit < 8; bit++)
                    value = (value >> 1) ^ (0xEDB88320u & (0u - (value & 1)));
                tables[k][i] = value;
            }
        }

        return tables;
    }
}
