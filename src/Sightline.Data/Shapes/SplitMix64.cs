namespace Sightline.Data.Shapes;

/// <summary>
/// The SplitMix64 generator (Steele, Lea, Flood 2014): everything that decides a picture and its captions comes from it, so the demo set is the
/// same on every machine.
/// </summary>
internal sealed class SplitMix64(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The generator of one picture's scene (1), captions (2) or pixels (3).</summary>
    public static SplitMix64 Stream(ulong seed, ulong index, ulong which) =>
        new(unchecked(seed * 0xD1342543DE82EF95 + index * 0x2545F4914F6CDD1D + which * 0x9E6C63D0876A9A47));

    public ulong Next()
    {
        unchecked
        {
            _state += 0x9E3779B97F4A7C15;
            var z = _state;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    /// <summary>A number in [0, 1) with 53 random bits.</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1L << 53));

    /// <summary>A number in 0 .. count-1.</summary>
    public int NextInt(int count) => (int)(Next() % (ulong)count);

    public T Pick<T>(IReadOnlyList<T> items) => items[NextInt(items.Count)];

    /// <summary>A number in [from, to).</summary>
    public double Span(double from, double to) => from + (to - from) * NextDouble();
}
