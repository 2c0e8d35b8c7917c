namespace Sightline.Data.Sampling;

/// <summary>
/// PyTorch's CPU random generator: the 32-bit Mersenne twister (Matsumoto, Nishimura 1998), seeded with the low 32 bits of the seed as
/// <c>torch.Generator().manual_seed</c> does.
/// </summary>
public sealed class TorchGenerator
{
    private const int Length = 624;
    private const int Shift = 397;

    // torch.randperm draws 32-bit numbers below this and 64-bit ones from it on.
    private const int MaxPermutation = (int)(uint.MaxValue / 20);

    private readonly uint[] _state = new uint[Length];
    private int _next = Length;

    /// <summary>Starts the generator from a seed.</summary>
    public TorchGenerator(ulong seed)
    {
        _state[0] = (uint)seed;
        for (var i = 1; i < Length; i++)
            _state[i] = unchecked(1812433253u * (_state[i - 1] ^ (_state[i - 1] >> 30)) + (uint)i);
    }

    /// <summary>The next 32 random bits.</summary>
    public uint NextUInt32()
    {
        if (_next == Length)
            Refill();
        var y = _state[_next++];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9D2C5680;
        y ^= (y << 15) & 0xEFC60000;
        return y ^ (y >> 18);
    }

    /// <summary>A number in [0, 2⁶³), as <c>torch.empty((), dtype=torch.int64).random_()</c> draws it: the high half first.</summary>
    public long NextInt63()
    {
        var high = NextUInt32();
        return (long)((((ulong)high << 32) | NextUInt32()) & long.MaxValue);
    }

    /// <summary>A random order of 0 … count-1, the one that <c>torch.randperm(count)</c> gives.</summary>
    /// <param name="count">0 to 214,748,364; beyond that torch draws otherwise.</param>
    public int[] RandomPermutation(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MaxPermutation);
        var order = new int[count];
        for (var i = 0; i < count; i++)
            order[i] = i;
        for (var i = 0; i < count - 1; i++)
        {
            var j = i + (int)(NextUInt32() % (uint)(count - i));
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }

    private void Refill()
    {
        for (var i = 0; i < Length; i++)
        {
            var y = (_state[i] & 0x80000000) | (_state[(i + 1) % Length] & 0x7FFFFFFF);
            _state[i] = _state[(i + Shift) % Length] ^ (y >> 1) ^ ((y & 1) != 0 ? 0x9908B0DFu : 0);
        }

        _next = 0;
    }
}
