using System.Runtime.InteropServices;
using System.Text;
using Sightline.Checkpoints.Pickle;

namespace Sightline.Training.Checkpointing;

/// <summary>
/// The states of Python's <c>random</c> and of numpy's global generator after <c>seed(n)</c>, which <c>rng_state.pth</c> must hold for the Trainer of Transformers to
/// resume. Nothing here draws from them. Both are the Mersenne twister (Matsumoto, Nishimura 1998); they differ in how the seed fills it.
/// </summary>
internal static class PythonRandom
{
    private const int Length = 624;

    /// <summary><c>random.getstate()</c>: (3, 624 words and the position, None).</summary>
    public static object?[] Python(uint seed) =>
        [3L, InitializeByArray(seed).Select(word => (object?)(long)word).Append((object?)(long)Length).ToArray(), null];

    /// <summary><c>numpy.random.get_state()</c>: ('MT19937', array of 624 words, position, 0, 0.0).</summary>
    public static object?[] Numpy(uint seed)
    {
        var encode = new PickleGlobal("_codecs", "encode");
        var latin1 = "latin1";
        var bytes = Encoding.Latin1.GetString(MemoryMarshal.AsBytes(Initialize(seed).AsSpan()));
        var made = new PickleReduce(
            new PickleGlobal("numpy.core.multiarray", "_reconstruct"),
            [new PickleGlobal("numpy", "ndarray"), new object?[] { 0L }, new PickleReduce(encode, ["b", latin1])]);
        var type = new PickleBuild(
            new PickleReduce(new PickleGlobal("numpy", "dtype"), ["u4", false, true]),
            new object?[] { 3L, "<", null, null, null, -1L, -1L, 0L });
        var array = new PickleBuild(made, new object?[] { 1L, new object?[] { (long)Length }, type, false, new PickleReduce(encode, [bytes, latin1]) });
        return ["MT19937", array, (long)Length, 0L, 0.0];
    }

    private static uint[] Initialize(uint seed)
    {
        var state = new uint[Length];
        state[0] = seed;
        for (var i = 1; i < Length; i++)
            state[i] = unchecked((1812433253u * (state[i - 1] ^ (state[i - 1] >> 30))) + (uint)i);
        return state;
    }

    // init_by_array with the one word of the seed, as CPython seeds from an integer below 2^32.
    private static uint[] InitializeByArray(uint seed)
    {
        var state = Initialize(19650218);
        var i = 1;
        for (var k = 0; k < Length; k++)
        {
            state[i] = unchecked((state[i] ^ ((state[i - 1] ^ (state[i - 1] >> 30)) * 1664525u)) + seed);
            Advance();
        }

        for (var k = 0; k < Length - 1; k++)
        {
            state[i] = unchecked((state[i] ^ ((state[i - 1] ^ (state[i - 1] >> 30)) * 1566083941u)) - (uint)i);
            Advance();
        }

        state[0] = 0x80000000;
        return state;

        void Advance()
        {
            if (++i < Length)
                return;
            state[0] = state[Length - 1];
            i = 1;
        }
    }
}
