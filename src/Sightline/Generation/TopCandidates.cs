using System.Numerics.Tensors;

namespace Sightline.Generation;

/// <summary>
/// The best k of many scores without sorting them: a heap whose root is the worst one kept. Of equal scores the lower index is better.
/// NaN is never kept. Offer indices in ascending order.
/// </summary>
internal sealed class TopCandidates(int capacity)
{
    // One vectorised maximum decides whether a block can hold anything better than the root.
    private const int Block = 256;

    private readonly float[] _scores = new float[capacity];
    private readonly int[] _indices = new int[capacity];
    private int _count;

    /// <summary>Number of candidates kept.</summary>
    public int Count => _count;

    /// <summary>Score of candidate <paramref name="rank"/>; after <see cref="Sort"/> rank 0 is the best.</summary>
    public float Score(int rank) => _scores[rank];

    /// <summary>Index of candidate <paramref name="rank"/>.</summary>
    public int Index(int rank) => _indices[rank];

    /// <summary>The lowest score kept. Only before <see cref="Sort"/>.</summary>
    public float Worst => _scores[0];

    /// <summary>Forgets all candidates.</summary>
    public void Clear() => _count = 0;

    /// <summary>Offers values[i] + offset under the index firstIndex + i.</summary>
    public void Offer(ReadOnlySpan<float> values, float offset, int firstIndex)
    {
        for (var start = 0; start < values.Length; start += Block)
        {
            var block = values[start..Math.Min(start + Block, values.Length)];
            if (_count == _scores.Length && TensorPrimitives.Max(block) + offset <= _scores[0])
                continue;
            for (var i = 0; i < block.Length; i++)
                Offer(block[i] + offset, firstIndex + start + i);
        }
    }

    /// <summary>Offers one score.</summary>
    public void Offer(float score, int index)
    {
        if (float.IsNaN(score))
            return;
        if (_count < _scores.Length)
        {
            (_scores[_count], _indices[_count]) = (score, index);
            SiftUp(_count++);
        }
        else if (score > _scores[0])
        {
            (_scores[0], _indices[0]) = (score, index);
            SiftDown(0, _count);
        }
    }

    /// <summary>Replaces the score of a kept candidate; call <see cref="Sort"/> afterwards.</summary>
    public void Rescore(int rank, float score) => _scores[rank] = score;

    /// <summary>Orders the candidates, best first. Then only <see cref="Clear"/> makes it a heap again.</summary>
    public void Sort()
    {
        for (var i = _count / 2 - 1; i >= 0; i--)
            SiftDown(i, _count);
        for (var end = _count - 1; end > 0; end--)
        {
            Swap(0, end);
            SiftDown(0, end);
        }
    }

    private bool Worse(int a, int b) => _scores[a] < _scores[b] || (_scores[a] == _scores[b] && _indices[a] > _indices[b]);

    private void Swap(int a, int b)
    {
        (_scores[a], _scores[b]) = (_scores[b], _scores[a]);
        (_indices[a], _indices[b]) = (_indices[b], _indices[a]);
    }

    private void SiftUp(int i)
    {
        for (var parent = (i - 1) / 2; i > 0 && Worse(i, parent); parent = (i - 1) / 2)
        {
            Swap(i, parent);
            i = parent;
        }
    }

    private void SiftDown(int i, int count)
    {
        while (true)
        {
            var child = 2 * i + 1;
            if (child >= count)
                return;
            if (child + 1 < count && Worse(child + 1, child))
                child++;
            if (!Worse(child, i))
                return;
            Swap(i, child);
            i = child;
        }
    }
}
