using System.Numerics.Tensors;
using Sightline.Training.Distributed;

namespace Sightline.Training.Kernels;

/// <summary>Sums of buffers that lie in one process.</summary>
internal static unsafe class BucketSum
{
    /// <summary>Adds up a stretch of all buffers in their order and writes the sums into every one.</summary>
    public static void Everywhere(ReadOnlySpan<CollectiveBuffer> buffers, long start, long count)
    {
        const int Block = 1 << 20;
        for (var end = start + count; start < end; start += Block)
        {
            var length = (int)Math.Min(Block, end - start);
            if (buffers[0].Element == CollectiveElement.Fp32)
            {
                var sum = Values<float>(buffers[0], start, length);
                foreach (var buffer in buffers[1..])
                    TensorPrimitives.Add(sum, Values<float>(buffer, start, length), sum);
                foreach (var buffer in buffers[1..])
                    sum.CopyTo(Values<float>(buffer, start, length));
            }
            else
            {
                var sum = Values<ushort>(buffers[0], start, length);
                foreach (var buffer in buffers[1..])
                    BFloat16Words.Add(Values<ushort>(buffer, start, length), sum);
                foreach (var buffer in buffers[1..])
                    sum.CopyTo(Values<ushort>(buffer, start, length));
            }
        }
    }

    /// <summary>Overwrites a buffer with another.</summary>
    public static void Copy(CollectiveBuffer source, CollectiveBuffer target) =>
        Buffer.MemoryCopy((void*)source.Address, (void*)target.Address, target.Count * target.ElementSize, source.Count * source.ElementSize);

    private static Span<T> Values<T>(CollectiveBuffer buffer, long start, int length) where T : unmanaged => new((T*)buffer.Address + start, length);
}
