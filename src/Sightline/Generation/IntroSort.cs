using System.Numerics;

namespace Sightline.Generation;

/// <summary>
/// Introsort (Musser 1997) with the choices of the C++ library that torch's <c>sort</c> calls: median of the second, the middle and the last
/// element as pivot, parts of up to 16 elements left to one insertion sort at the end. It is not stable, and the order it leaves equal
/// elements in decides which of them top-p keeps; nothing else depends on it.
/// </summary>
internal static class IntroSort
{
    private const int Threshold = 16;

    /// <summary>Sorts by the upper 32 bits of each key; the lower ones, the token, are carried along.</summary>
    public static void Sort(Span<ulong> keys)
    {
        if (keys.Length < 2)
            return;
        Partition(keys, 2 * BitOperations.Log2((uint)keys.Length));
        var head = Math.Min(Threshold, keys.Length);
        for (var i = 1; i < head; i++)
        {
            if (!Less(keys[i], keys[0]))
            {
                Insert(keys, i);
                continue;
            }

            var key = keys[i];
            keys[..i].CopyTo(keys[1..]);
            keys[0] = key;
        }

        for (var i = head; i < keys.Length; i++)
            Insert(keys, i);
    }

    private static void Partition(Span<ulong> keys, int depth)
    {
        while (keys.Length > Threshold)
        {
            if (depth-- == 0)
            {
                keys.Sort(); // never reached by scores in practice: the library falls back to heap sort here
                return;
            }

            MovePivotToFront(keys);
            var (first, last) = (1, keys.Length);
            while (true)
            {
                while (Less(keys[first], keys[0]))
                    first++;
                last--;
                while (Less(keys[0], keys[last]))
                    last--;
                if (first >= last)
                    break;
                (keys[first], keys[last]) = (keys[last], keys[first]);
                first++;
            }

            Partition(keys[first..], depth);
            keys = keys[..first];
        }
    }

    private static void MovePivotToFront(Span<ulong> keys)
    {
        var (a, b, c) = (1, keys.Length / 2, keys.Length - 1);
        var median = Less(keys[a], keys[b])
            ? Less(keys[b], keys[c]) ? b : Less(keys[a], keys[c]) ? c : a
            : Less(keys[a], keys[c]) ? a : Less(keys[b], keys[c]) ? c : b;
        (keys[0], keys[median]) = (keys[median], keys[0]);
    }

    private static void Insert(Span<ulong> keys, int i)
    {
        var key = keys[i];
        for (; Less(key, keys[i - 1]); i--)
            keys[i] = keys[i - 1];
        keys[i] = key;
    }

    private static bool Less(ulong a, ulong b) => a >> 32 < b >> 32;
}
