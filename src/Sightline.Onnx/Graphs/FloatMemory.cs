using System.Buffers;
using System.Runtime.InteropServices;

namespace Sightline.Onnx.Graphs;

/// <summary>An array of floats as bytes, without a copy.</summary>
internal sealed class FloatMemory(float[] values) : MemoryManager<byte>
{
    public static ReadOnlyMemory<byte> Of(float[] values) => new FloatMemory(values).Memory;

    public override Span<byte> GetSpan() => MemoryMarshal.AsBytes(values.AsSpan());

    public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException("read as a span only");

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
