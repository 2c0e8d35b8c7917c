using Sightline.Generation;

namespace Sightline.Benchmarks.Peers;

/// <summary>
/// The same pictures through Sightline and through what a user would pick instead, in one run: every round measures each of them once, so that
/// what disturbs the machine disturbs all. Medians, and ratios.
/// </summary>
internal sealed class PeerBenchmark(IReadOnlyList<IPeer> peers, GenerationOptions options, float[] pixelValues, int rounds)
{
    /// <summary>Tokens of every caption, the start token among them; none ends earlier.</summary>
    public const int Tokens = 20;

    private const int BatchRounds = 3;
    private static readonly int[] s_batches = [4, 16];

    private IEnumerable<IModelPeer> Models => peers.OfType<IModelPeer>();

    public void Run()
    {
        Check();
        Console.WriteLine($"| ms, median of {rounds} (batches: {BatchRounds}) | {string.Join(" | ", peers.Select(peer => peer.Name))} |");
        Console.WriteLine($"|---|{string.Concat(peers.Select(_ => "---|"))}");
        Print("encoder", Measure(rounds, Models, peer => peer.Encode(pixelValues, 1).Dispose()));
        Print("a token, 1 row", MeasureTokens(1));
        Print("a token, 4 rows", MeasureTokens(4));
        Print($"caption, greedy, {Tokens} tokens", Measure(rounds, peers, peer => Caption(peer, pixelValues, 1, 1)));
        Print($"caption, 4 beams, {Tokens} tokens", Measure(rounds, peers.Where(peer => peer.HasBeamSearch), peer => Caption(peer, pixelValues, 1, 4)));
        foreach (var batch in s_batches)
        {
            var many = Repeat(batch);
            Print($"a picture in batches of {batch}, greedy", Measure(BatchRounds, peers, peer => Caption(peer, many, batch, 1)), batch);
        }

        Console.WriteLine("In brackets: how many times as long as Sightline in the format beside it. –: the peer cannot do it, or only as part of a caption.");
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

    private static Dictionary<IPeer, double> Measure<T>(int count, IEnumerable<T> able, Action<T> action) where T : IPeer
    {
        var times = able.Select(peer => (Peer: peer, Times: new List<double>())).ToList();
        for (var round = -1; round < count; round++)
        {
            foreach (var (peer, list) in times)
            {
                var time = Timing.AfterRest(() => action(peer));
                if (round >= 0) // the first round warms up
                    list.Add(time);
            }
        }

        return times.ToDictionary(entry => (IPeer)entry.Peer, entry => entry.Times.Order().ElementAt(count / 2));
    }

    private Dictionary<IPeer, double> MeasureTokens(int rows)
    {
        var encodings = Models.ToDictionary(peer => peer, peer => peer.Encode(pixelValues, 1));
        var times = Measure(rounds, Models, peer => Decode(encodings[peer], rows));
        foreach (var encoding in encodings.Values)
            encoding.Dispose();
        return times.ToDictionary(entry => entry.Key, entry => entry.Value / (Tokens - 1));
    }

    private IReadOnlyList<int> Caption(IPeer peer, float[] pixels, int batch, int beams) =>
        peer.Caption(pixels, batch, options with { MinLength = Tokens, MaxLength = Tokens, NumBeams = beams });

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

    private void Print(string measure, Dictionary<IPeer, double> times, int pictures = 1) =>
        Console.WriteLine($"| {measure} | {string.Join(" | ", peers.Select(peer => times.TryGetValue(peer, out var time) ? $"{time / pictures:N1}{Ratio(peer, times)}" : "–"))} |");

    private static string Ratio(IPeer peer, Dictionary<IPeer, double> times) => peer.Against is { } against ? $" ({times[peer] / times[against]:N2}×)" : "";
}
