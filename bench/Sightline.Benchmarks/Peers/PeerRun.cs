using Sightline.Benchmarks.Machine;
using Sightline.Kernels;

namespace Sightline.Benchmarks.Peers;

/// <summary>Finds the exports below a folder and runs all of them beside Sightline in the formats they compete with.</summary>
internal static class PeerRun
{
    private const int Rounds = 7;
    private static readonly (string Suffix, string Name, WeightFormat Against)[] s_files =
    [
        ("", "fp32", WeightFormat.Fp32),
        ("_fp16", "fp16", WeightFormat.Bf16),
        ("_quantized", "q8", WeightFormat.Int8),
    ];

    public static void Run(string folder, string onnx, string picture, int threads)
    {
        var peers = new List<IPeer>();
        try
        {
            var ours = new Dictionary<WeightFormat, SightlinePeer>();
            foreach (var format in (WeightFormat[])[WeightFormat.Fp32, WeightFormat.Bf16, WeightFormat.Int8])
            {
                var captioner = Captioner.Load(folder, new CaptionerOptions { Threads = threads, DType = format });
                peers.Add(ours[format] = new SightlinePeer($"Sightline {format.ToString().ToLowerInvariant()}", captioner));
            }

            foreach (var export in Directory.GetDirectories(onnx, "onnx", SearchOption.AllDirectories).Order().Select(path => Path.GetDirectoryName(path)!))
            {
                foreach (var (suffix, name, against) in s_files.Where(file => File.Exists(Path.Combine(export, "onnx", $"encoder_model{file.Suffix}.onnx"))))
                    peers.Add(new OnnxRuntimePeer($"ONNX Runtime {Path.GetRelativePath(onnx, export)} {name}", export, suffix, threads) { Against = ours[against] });
            }

            var reference = ours[WeightFormat.Fp32].Captioner;
            MachineFloor.Measure(threads).Print(PeerBenchmark.Tokens);
            new PeerBenchmark(peers, reference.Complete(null), reference.Prepare(picture).PixelValues, Rounds).Run();
        }
        finally
        {
            peers.ForEach(peer => peer.Dispose());
        }
    }
}
