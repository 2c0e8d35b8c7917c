namespace Sightline.Kernels;

/// <summary>Weights that will be read after those at hand; kernels ask the caches for them as they go.</summary>
internal unsafe struct PrefetchCursor(byte* next, byte* end)
{
    private byte* _next = next;

    /// <summary>Where to ask next; nothing new once all has been asked for.</summary>
    /// <param name="bytes">How much will be asked for.</param>
    /// <param name="otherwise">Memory that is at hand.</param>
    public byte* Take(long bytes, void* otherwise)
    {
        if (_next >= end)
            return (byte*)otherwise;
        var start = _next;
        _next += bytes;
        return start;
    }
}
