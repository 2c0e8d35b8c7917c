using System.Numerics;

namespace Sightline.Generation;

/// <summary>
/// xoshiro256** 1.0 (Blackman and Vigna 2018, public domain), its state filled by SplitMix64: the same numbers on every platform and runtime.
/// Each sequence draws from a stream of its own, so that the other images of a batch do not change its tokens.
/// </summary>
internal struct PortableRandom
{
    private ulong _a, _b, _c, _d;

    /// <summary>Starts a stream of a seed.</summary>
    public PortableRandom(long seed, int stream)
    {
        var state = Mix((ulong)seed) + Mix((ulong)stream ^ 0x6A09_E667_F3BC_C909);
        _a = Next(ref state);
        _b = Next(ref state);
        _c = Next(ref state);
        _d = Next(ref state);
    }

    /// <summary>Starts from a state, not all zero.</summary>
    public PortableRandom(ulong a, ulong b, ulong c, ulong d) => (_a, _b, _c, _d) = (a, b, c, d);

    /// <summary>64 random bits.</summary>
    public ulong NextUInt64()
    {
        var result = BitOperations.RotateLeft(_b * 5, 7) * 9;
        var t = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= t;
        _d = BitOperations.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>A number strictly between 0 and 1.</summary>
    public double NextDouble() => ((NextUInt64() >> 12) + 0.5) * (1.0 / (1UL << 52));

    /// <summary>A standard Gumbel variate: adding one to each log-probability and taking the k largest draws k without replacement.</summary>
    public double NextGumbel() => -Math.Log(-Math.Log(NextDouble()));

    private static ulong Next(ref ulong state) => Mix(state += 0x9E37_79B9_7F4A_7C15);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }
}
