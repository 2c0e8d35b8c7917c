namespace Sightline.Generation;

/// <summary>Sorts the tokens by score, without allocating per call.</summary>
internal sealed class VocabularySort
{
    private ulong[] _keys = [];

    /// <summary>Stable sort of the tokens that are still possible (score above negative infinity), equal scores by lower index. The result holds until the next call.</summary>
    public ReadOnlySpan<ulong> Sort(ReadOnlySpan<float> scores, bool descending)
    {
        var keys = Fill(scores, descending, withImpossible: false);
        keys.Sort();
        return keys;
    }

    /// <summary>The order torch gives (<see cref="IntroSort"/>), impossible tokens included: slower, and different among equal scores only.</summary>
    public ReadOnlySpan<ulong> SortAsTorch(ReadOnlySpan<float> scores, bool descending)
    {
        var keys = Fill(scores, descending, withImpossible: true);
        IntroSort.Sort(keys);
        return keys;
    }

    /// <summary>Whether two keys have the same score.</summary>
    public static bool Ties(ulong a, ulong b) => a >> 32 == b >> 32;

    /// <summary>The token id of a key.</summary>
    public static int Token(ulong key) => (int)(uint)key;

    private Span<ulong> Fill(ReadOnlySpan<float> scores, bool descending, bool withImpossible)
    {
        if (_keys.Length < scores.Length)
            _keys = new ulong[scores.Length];
        var count = 0;
        for (var i = 0; i < scores.Length; i++)
        {
            if (float.IsNegativeInfinity(scores[i]) && !withImpossible)
                continue;
            var rank = Rank(scores[i]);
            _keys[count++] = ((ulong)(descending ? ~rank : rank) << 32) | (uint)i;
        }

        return _keys.AsSpan(0, count);
    }

    // Bits whose unsigned order is the order of the floats; -0 counts as 0.
    private static uint Rank(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value + 0f);
        return (bits & 0x8000_0000) != 0 ? ~bits : bits | 0x8000_0000;
    }
}
