using Sightline.Benchmarks.Peers;
using Sightline.Kernels;
using Sightline.Models;
using Sightline.Training.Native;
using static TorchSharp.torch;

namespace Sightline.Training.Benchmarks.Captions;

/// <summary>Captions by TorchSharp beside Sightline's.</summary>
internal static class CaptionPeers
{
    public static void Run(string folder, string picture, int threads)
    {
        using var torchThreads = new TorchThreads(threads);
        PeerRun.Run(folder, picture, threads, ours => Peers(folder, ours));
    }

    // TorchSharp reaches no int8 products on a CPU: its fastest format meets Sightline's fastest.
    private static IEnumerable<IPeer> Peers(string folder, IReadOnlyDictionary<WeightFormat, SightlinePeer> ours)
    {
        var checkpoint = ModelCheckpoint.Load(folder);
        yield return new TorchPeer("TorchSharp fp32", checkpoint, ScalarType.Float32) { Against = ours[WeightFormat.Fp32] };
        yield return new TorchPeer("TorchSharp bf16", checkpoint, ScalarType.BFloat16) { Against = ours[WeightFormat.Int8] };
    }
}
