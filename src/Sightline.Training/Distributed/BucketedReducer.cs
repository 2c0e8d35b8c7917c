using Sightline.Training.Kernels;
using Sightline.Training.Optimization;
using static TorchSharp.torch;

namespace Sightline.Training.Distributed;

/// <summary>
/// Adds the gradients of an arena up over all ranks, in buckets: a bucket sets out as soon as backward has finished all parameters in it, and travels while backward
/// goes on with the layers before. Backward comes to parameters nearly in the reverse of their order in the arena, so buckets are cut from its end.
/// </summary>
internal sealed class BucketedReducer
{
    /// <summary>torch's <c>bucket_cap_mb</c>.</summary>
    public const int DefaultMegabytes = 25;

    private readonly ICollective _collective;
    private readonly ParameterArena _arena;
    private readonly Bucket[] _buckets;
    private readonly bool _compress;
    private readonly List<(Task Done, Tensor? Compressed, Bucket Bucket)> _underway = [];
    private bool _begun;

    public BucketedReducer(ICollective collective, ParameterArena arena, int megabytes, GradientCompression compression)
    {
        _collective = collective;
        _arena = arena;
        _compress = compression == GradientCompression.Bf16 && arena.Gradients.dtype == ScalarType.Float32;
        var length = Math.Max(1, megabytes * (1L << 20) / arena.Gradients.element_size());
        var buckets = new List<Bucket>();
        for (var end = arena.Length; end > 0; end -= length)
        {
            var start = Math.Max(0, end - length);
            var slots = arena.Slots.Where(slot => slot.Trains && arena.Offsets[slot.Index] < end && arena.Offsets[slot.Index] + slot.Count > start).Select(slot => slot.Index);
            buckets.Add(new Bucket(start, end - start, [.. slots]));
        }

        _buckets = [.. buckets];
    }

    /// <summary>Number of buckets.</summary>
    public int BucketCount => _buckets.Length;

    /// <summary>Buckets that set out before <see cref="Finish"/> was called, in the last update.</summary>
    public int Overlapped { get; private set; }

    /// <summary>The last backward pass of an update begins.</summary>
    public void Begin()
    {
        foreach (var bucket in _buckets)
            bucket.Reset();
        _begun = true;
    }

    /// <summary>The gradients of these parameters are whole.</summary>
    /// <param name="parameters">Beginnings of names.</param>
    public void Ready(string[] parameters)
    {
        foreach (var slot in _arena.Slots.Where(slot => Array.Exists(parameters, start => slot.Name.StartsWith(start, StringComparison.Ordinal))))
        {
            foreach (var bucket in _buckets)
                bucket.Waiting.Remove(slot.Index);
        }

        foreach (var bucket in _buckets.Where(bucket => !bucket.Sent && bucket.Waiting.Count == 0))
            Send(bucket);
    }

    /// <summary>Sends what has not been sent, and waits: afterwards the gradients are the sums over all ranks.</summary>
    public void Finish()
    {
        if (!_begun)
            Begin();
        Overlapped = _buckets.Count(bucket => bucket.Sent);
        foreach (var bucket in _buckets.Where(bucket => !bucket.Sent))
            Send(bucket);
        using var noGradient = no_grad();
        foreach (var (done, compressed, bucket) in _underway)
        {
            done.GetAwaiter().GetResult();
            if (compressed is null)
                continue;
            using var part = bucket.Of(_arena.Gradients);
            part.copy_(compressed);
            compressed.Dispose();
        }

        _underway.Clear();
        _begun = false;
    }

    private void Send(Bucket bucket)
    {
        bucket.Sent = true;
        using var part = bucket.Of(_arena.Gradients);
        var compressed = _compress ? part.to(ScalarType.BFloat16).DetachFromDisposeScope() : null;
        _underway.Add((_collective.SumAsync(TensorBuffer.Of(compressed ?? part)), compressed, bucket));
    }

    private sealed class Bucket(long start, long length, int[] slots)
    {
        public HashSet<int> Waiting { get; } = [];

        public bool Sent { get; set; }

        public Tensor Of(Tensor flat) => flat.narrow(0, start, length);

        public void Reset()
        {
            Sent = false;
            Waiting.UnionWith(slots);
        }
    }
}
