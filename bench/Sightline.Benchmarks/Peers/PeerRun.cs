using Sightline.Benchmarks.Machine;
using Sightline.Kernels;

namespace Sightline.Benchmarks.Peers;

/// <summary>Runs peers beside Sightline in the formats they compete with: the exports below a folder, or what another program brings.</summary>
internal static class PeerRun
{
    private const int Rounds = 7;
    private static readonly (string Suffix, string Name, WeightFormat Against)[] s_files =
    [
        ("", "fp32", WeightFormat.Fp32),
        ("_fp16", "fp16", WeightFormat.Bf16),
        ("_quantized", "q8", WeightFormat.Int8),
    ];

    public static void Run(string folder, string onnx, string picture, int threads) =>
        Run(folder, picture, threads, ours => Exports(onnx, threads, ours));

    /// <param name="folder">The checkpoint.</param>
    /// <param name="picture">What is captioned.</param>
    /// <param name="threads">Of every peer.</param>
    /// <param name="others">Makes the peers, one by one, beside Sightline in each format.</param>
    public static void Run(string folder, string picture, int threads, Func<IReadOnlyDictionary<WeightFormat, SightlinePeer>, IEnumerable<IPeer>> others)
    {
        MachineFloor.Measure(threads).Print(PeerBenchmark.Tokens);
        var peers = new List<IPeer>();
        try
        {
            var ours = new Dictionary<WeightFormat, SightlinePeer>();
            foreach (var format in (WeightFormat[])[WeightFormat.Fp32, WeightFormat.Bf16, WeightFormat.Int8])
                peers.Add(ours[format] = SightlinePeer.Load(folder, format, threads));
            foreach (var peer in others(ours))
                peers.Add(peer);

            var reference = ours[WeightFormat.Fp32].Captioner;
            new PeerBenchmark(peers, reference.Complete(null), reference.Prepare(picture).PixelValues, Rounds).Run();
            Console.WriteLine("Afterwards, since other tenants of a machine come and go:");
            MachineFloor.Measure(threads).Print(PeerBenchmark.Tokens);
        }
        finally
        {
            peers.ForEach(peer => peer.Dispose());
        }
    }

    private static IEnumerable<IPeer> Exports(string onnx, int threads, IReadOnlyDictionary<WeightFormat, SightlinePeer> ours)
    {
        var withoutNode = TransformersJsPeer.WhyNot();
        if (withoutNode is not null)
            Console.WriteLine(withoutNode);
        foreach (var export in Directory.GetDirectories(onnx, "onnx", SearchOption.AllDirectories).Order().Select(path => Path.GetDirectoryName(path)!))
        {
            foreach (var (suffix, name, against) in s_files.Where(file => File.Exists(Path.Combine(export, "onnx", $"encoder_model{file.Suffix}.onnx"))))
            {
                var peer = new OnnxRuntimePeer($"ONNX Runtime {Path.GetRelativePath(onnx, export)} {name}", export, suffix, threads) { Against = ours[against] };
                yield return peer;
                if (peer.IsForTransformersJs && withoutNode is null)
                    yield return new TransformersJsPeer($"transformers.js {name}", export, name, threads) { Against = ours[against] };
            }
        }
    }
}
