using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Sightline.Training.Distributed;

namespace Sightline.Training.Ranks;

/// <summary>Every call of a collective, with values from which the test computes what must come out.</summary>
public static unsafe class CollectiveJob
{
    /// <summary>More than MPI libraries send in one go, and no multiple of anything.</summary>
    public const int Count = 300_007;

    public static JsonObject Run(ICollective ranks)
    {
        var floats = new float[Count];
        for (var i = 0; i < Count; i++)
            floats[i] = Value(ranks.Rank, i);
        var words = floats.Select(value => (ushort)(BitConverter.SingleToUInt32Bits(MathF.Round(value)) >> 16)).ToArray();
        fixed (float* first = floats)
        fixed (ushort* second = words)
        {
            var one = ranks.SumAsync(new CollectiveBuffer((nint)first, Count, CollectiveElement.Fp32));
            var two = ranks.SumAsync(new CollectiveBuffer((nint)second, Count, CollectiveElement.Bf16));
            Task.WaitAll(one, two);
        }

        var sent = new float[Count];
        Array.Fill(sent, ranks.Rank + 0.5f);
        fixed (float* first = sent)
            ranks.Broadcast(new CollectiveBuffer((nint)first, Count, CollectiveElement.Fp32));
        var bytes = new byte[] { (byte)(ranks.Rank + 7), 9 };
        ranks.Broadcast(bytes);
        var gathered = new byte[3 * ranks.WorldSize];
        ranks.AllGather([(byte)ranks.Rank, 1, 2], gathered);
        ranks.Barrier();
        return new JsonObject
        {
            ["rank"] = ranks.Rank,
            ["world"] = ranks.WorldSize,
            ["local"] = ranks.LocalRank,
            ["description"] = ranks.Description,
            ["sums"] = Convert.ToBase64String(MemoryMarshal.AsBytes(floats.AsSpan(0, 1000))),
            ["last"] = floats[^1],
            ["words"] = Convert.ToBase64String(MemoryMarshal.AsBytes(words.AsSpan(0, 1000))),
            ["broadcast"] = sent[^1],
            ["bytes"] = Convert.ToBase64String(bytes),
            ["gathered"] = Convert.ToBase64String(gathered),
        };
    }

    /// <summary>What rank <paramref name="rank"/> gives to the sum.</summary>
    public static float Value(int rank, int i) => ((i * 31 % 97) - 48) * (rank + 1) * 0.37f;
}
