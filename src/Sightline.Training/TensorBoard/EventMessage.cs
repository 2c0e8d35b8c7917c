using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Sightline.Training.TensorBoard;

/// <summary>The few messages of TensorFlow's <c>event.proto</c> and <c>summary.proto</c> that a run needs, in the wire format of protocol buffers.</summary>
internal static class EventMessage
{
    private const int StringType = 7; // DT_STRING

    /// <summary>The first event of every file.</summary>
    public static byte[] Version(DateTimeOffset time) => Event(time, null, message => message.Text(3, "brain.Event:2"));

    /// <summary>One number under a tag.</summary>
    public static byte[] Scalar(DateTimeOffset time, long step, string tag, float value) => Summary(time, step, entry =>
    {
        entry.Text(1, tag);
        entry.Float(2, value);
    });

    /// <summary>One text under a tag; TensorBoard's text view shows it.</summary>
    public static byte[] Text(DateTimeOffset time, long step, string tag, string text) => Summary(time, step, entry =>
    {
        entry.Text(1, $"{tag}/text_summary");
        entry.Message(8, tensor =>
        {
            tensor.Varint(1, StringType);
            tensor.Message(2, shape => shape.Message(2, dimension => dimension.Varint(1, 1)));
            tensor.Text(8, text);
        });
        entry.Message(9, metadata => metadata.Message(1, plugin => plugin.Text(1, "text")));
    });

    private static byte[] Summary(DateTimeOffset time, long step, Action<Writer> entry) =>
        Event(time, step, message => message.Message(5, summary => summary.Message(1, entry)));

    private static byte[] Event(DateTimeOffset time, long? step, Action<Writer> content)
    {
        var writer = new Writer();
        writer.Double(1, time.ToUnixTimeMilliseconds() / 1000.0);
        if (step is { } value)
            writer.Varint(2, (ulong)value);
        content(writer);
        return writer.ToArray();
    }

    private sealed class Writer
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();

        public void Varint(int field, ulong value)
        {
            Raw((ulong)field << 3);
            Raw(value);
        }

        public void Double(int field, double value)
        {
            Raw(((ulong)field << 3) | 1);
            BinaryPrimitives.WriteDoubleLittleEndian(_bytes.GetSpan(8), value);
            _bytes.Advance(8);
        }

        public void Float(int field, float value)
        {
            Raw(((ulong)field << 3) | 5);
            BinaryPrimitives.WriteSingleLittleEndian(_bytes.GetSpan(4), value);
            _bytes.Advance(4);
        }

        public void Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

        public void Message(int field, Action<Writer> content)
        {
            var inner = new Writer();
            content(inner);
            Bytes(field, inner._bytes.WrittenSpan);
        }

        public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

        private void Bytes(int field, ReadOnlySpan<byte> value)
        {
            Raw(((ulong)field << 3) | 2);
            Raw((ulong)value.Length);
            _bytes.Write(value);
        }

        private void Raw(ulong value)
        {
            for (; value >= 0x80; value >>= 7)
                Put((byte)(value | 0x80));
            Put((byte)value);
        }

        private void Put(byte value)
        {
            _bytes.GetSpan(1)[0] = value;
            _bytes.Advance(1);
        }
    }
}
