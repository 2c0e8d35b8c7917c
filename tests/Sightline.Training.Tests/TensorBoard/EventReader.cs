using System.Buffers.Binary;
using System.Text;

namespace Sightline.Training.Tests.TensorBoard;

/// <summary>
/// Reads event files by the published formats alone: TFRecord framing with CRC32C by table, protocol buffers by field number. Shares nothing with the writer.
/// </summary>
internal static class EventReader
{
    public sealed record Entry(double Time, long Step, string? Version, string? Tag, float? Value, string? Text, string? Plugin);

    public static List<Entry> Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var entries = new List<Entry>();
        for (var at = 0; at < bytes.Length;)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
            Assert.Equal(Masked(bytes.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 8)));
            var data = bytes.AsSpan(at + 12, length).ToArray();
            Assert.Equal(Masked(data), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 12 + length)));
            entries.Add(Event(data));
            at += 16 + length;
        }

        return entries;
    }

    /// <summary>CRC32C one bit at a time, polynomial 0x82F63B78, then TensorFlow's mask.</summary>
    public static uint Masked(ReadOnlySpan<byte> data)
    {
        var crc = 0xffffffffu;
        foreach (var value in data)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82f63b78u : crc >> 1;
        }

        crc = ~crc;
        return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
    }

    private static Entry Event(byte[] data)
    {
        var (time, step, version, tag, value, text, plugin) = (0.0, 0L, (string?)null, (string?)null, (float?)null, (string?)null, (string?)null);
        foreach (var (field, content) in Fields(data))
        {
            if (field == 1)
                time = BitConverter.ToDouble(content);
            else if (field == 2)
                step = (long)BitConverter.ToUInt64(content);
            else if (field == 3)
                version = Encoding.UTF8.GetString(content);
            else if (field == 5)
            {
                foreach (var (inner, part) in Fields(Fields(content).Single(f => f.Field == 1).Content))
                {
                    if (inner == 1)
                        tag = Encoding.UTF8.GetString(part);
                    else if (inner == 2)
                        value = BitConverter.ToSingle(part);
                    else if (inner == 8)
                    {
                        Assert.Equal(7UL, BitConverter.ToUInt64(Fields(part).Single(f => f.Field == 1).Content)); // DT_STRING
                        text = Encoding.UTF8.GetString(Fields(part).Single(f => f.Field == 8).Content);
                    }
                    else if (inner == 9)
                        plugin = Encoding.UTF8.GetString(Fields(Fields(part).Single().Content).Single().Content);
                }
            }
        }

        return new Entry(time, step, version, tag, value, text, plugin);
    }

    private static List<(int Field, byte[] Content)> Fields(byte[] data)
    {
        var fields = new List<(int, byte[])>();
        for (var at = 0; at < data.Length;)
        {
            var key = Varint(data, ref at);
            var (field, wire) = ((int)(key >> 3), key & 7);
            switch (wire)
            {
                case 0:
                    fields.Add((field, BitConverter.GetBytes(Varint(data, ref at))));
                    break;
                case 1:
                    fields.Add((field, data[at..(at += 8)]));
                    break;
                case 2:
                    var length = (int)Varint(data, ref at);
                    fields.Add((field, data[at..(at += length)]));
                    break;
                case 5:
                    fields.Add((field, data[at..(at += 4)]));
                    break;
                default:
                    Assert.Fail($"wire type {wire}");
                    break;
            }
        }

        return fields;
    }

    private static ulong Varint(byte[] data, ref int at)
    {
        var (value, shift) = (0UL, 0);
        while (true)
        {
            var part = data[at++];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
                return value;
            shift += 7;
        }
    }
}
