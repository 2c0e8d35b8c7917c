namespace Sightline.Generation;

/// <summary>Stable sort of the tokens that are still possible (score above negative infinity), equal scores by lower index, without allocating per call.</summary>
internal sealed class VocabularySort
{
    private ulong[] _keys = [];

    /// <summary>Sorts; the result holds until the next call. Read the token with <see cref="Token"/>.</summary>
    public ReadOnlySpan<ulong> Sort(ReadOnlySpan<float> scores, bool descending)
    {
        if (_keys.Length < scores.Length)
            _keys = new ulong[scores.Length];
        var count = 0;
        for (var i = 0; i < scores.Length; i++)
        {
            if (float.IsNegativeInfinity(scores[i]))
                continue;
            var rank = Rank(scores[i]);
            _keys[count++] = ((ulong)(descending ? ~rank : rank) << 32) | (uint)i;
        }

        var keys = _keys.AsSpan(0, count);
        keys.Sort();
        return keys;
    }

    /// <summary>The token id of a key.</summary>
    public static int Token(ulong key) => (int)(uint)key;

    // Bits whose unsigned order is the order of the floats; -0 counts as 0.
    private static uint Rank(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value + 0f);
        return (bits & 0x8000_0000) != 0 ? ~bits : bits | 0x8000_0000;
    }
}
