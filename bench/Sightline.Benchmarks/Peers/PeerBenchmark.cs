using System.Diagnostics;
using Sightline.Generation;

namespace Sightline.Benchmarks.Peers;

/// <summary>
/// The same pictures through Sightline and through what a user would pick instead, in one process: every round measures each of them once, so that
/// what disturbs the machine disturbs all. Medians, and ratios.
/// </summary>
internal sealed class PeerBenchmark(IReadOnlyList<IPeer> peers, GenerationOptions options, float[] pixelValues, int rounds)
{
    /// <summary>Tokens of every caption; none ends earlier.</summary>
    public const int Tokens = 20;

    private const int BatchRounds = 3;
    private static readonly TimeSpan s_rest = TimeSpan.FromMilliseconds(20); // until the last one's threads have stopped spinning
    private static readonly int[] s_batches = [4, 16];

    public void Run()
    {
        Check();
        Console.WriteLine($"| ms, median of {rounds} (batches: {BatchRounds}) | {string.Join(" | ", peers.Select(peer => peer.Name))} |");
        Console.WriteLine($"|---|{string.Concat(peers.Select(_ => "---|"))}");
        Print("encoder", Measure(rounds, peer => peer.Encode(pixelValues, 1).Dispose()));
        Print("a token, 1 row", MeasureTokens(1));
        Print("a token, 4 rows", MeasureTokens(4));
        Print($"caption, greedy, {Tokens} tokens", Measure(rounds, peer => Caption(peer, pixelValues, 1, 1)));
        Print($"caption, 4 beams, {Tokens} tokens", Measure(rounds, peer => Caption(peer, pixelValues, 1, 4)));
        foreach (var batch in s_batches)
        {
            var many = Repeat(batch);
            Print($"a picture in batches of {batch}, greedy", [.. Measure(BatchRounds, peer => Caption(peer, many, batch, 1)).Select(time => time / batch)]);
        }

        Console.WriteLine("In brackets: how many times as long as Sightline in the format beside it.");
    }

    /// <summary>All must find the same greedy tokens in fp32; where a quantised one does not, the table says so.</summary>
    private void Check()
    {
        var reference = Caption(peers[0], pixelValues, 1, 1);
        foreach (var peer in peers.Skip(1))
        {
            var ids = Caption(peer, pixelValues, 1, 1);
            Console.WriteLine(ids.SequenceEqual(reference)
                ? $"{peer.Name}: the same tokens as {peers[0].Name}."
                : $"{peer.Name}: {ids.Zip(reference).TakeWhile(pair => pair.First == pair.Second).Count()} tokens as {peers[0].Name}, then others.");
        }
    }

    private double[] Measure(int count, Action<IPeer> action)
    {
        var times = peers.Select(_ => new List<double>()).ToArray();
        for (var round = -1; round < count; round++)
        {
            for (var i = 0; i < peers.Count; i++)
            {
                Thread.Sleep(s_rest);
                var clock = Stopwatch.StartNew();
                action(peers[i]);
                if (round >= 0) // the first round warms up
                    times[i].Add(clock.Elapsed.TotalMilliseconds);
            }
        }

        return [.. times.Select(list => list.Order().ElementAt(list.Count / 2))];
    }

    private double[] MeasureTokens(int rows)
    {
        var encodings = peers.ToDictionary(peer => peer, peer => peer.Encode(pixelValues, 1));
        var times = Measure(rounds, peer => Decode(encodings[peer], rows));
        foreach (var encoding in encodings.Values)
            encoding.Dispose();
        return [.. times.Select(time => time / (Tokens - 1))];
    }

    private IReadOnlyList<int> Caption(IPeer peer, float[] pixels, int batch, int beams)
    {
        using var encoding = peer.Encode(pixels, batch);
        return TextGenerator.Generate(encoding.StartDecoding, options with { MinLength = Tokens, MaxLength = Tokens, NumBeams = beams }).Sequences[0].TokenIds;
    }

    private static void Decode(IPeerEncoding encoding, int rows)
    {
        using var session = encoding.StartDecoding(rows);
        var (ids, logits) = (new int[rows], new float[rows * session.VocabularySize]);
        for (var i = 0; i < Tokens - 1; i++)
            session.Step(ids, 1, logits);
    }

    private float[] Repeat(int batch)
    {
        var many = new float[batch * pixelValues.Length];
        for (var i = 0; i < batch; i++)
            pixelValues.CopyTo(many, i * pixelValues.Length);
        return many;
    }

    private void Print(string measure, double[] times) =>
        Console.WriteLine($"| {measure} | {string.Join(" | ", times.Select((time, i) => $"{time:N1}{Ratio(peers[i], time, times)}"))} |");

    private string Ratio(IPeer peer, double time, double[] times) =>
        peer.Against is { } against ? $" ({time / times[peers.ToList().IndexOf(against)]:N2}×)" : "";
}
