namespace Sightline.Data.Sampling;

/// <summary>
/// The order in which Hugging Face's Trainer 4.17 with one process visits the examples. The order of an epoch follows from the seed alone, so a run
/// can be resumed at any epoch.
/// </summary>
public sealed class RandomSampler
{
    private readonly ulong _generatorSeed;
    private readonly ShuffleOrder _shuffle;
    private readonly object _lock = new();
    private TorchGenerator _generator;
    private int _epoch;

    /// <summary>Makes the sampler of a generator that was seeded directly (<c>RandomSampler(data, generator)</c> in PyTorch).</summary>
    /// <param name="count">How many examples there are, at least 1.</param>
    /// <param name="generatorSeed">The seed of the sampler's own generator.</param>
    /// <param name="shuffle">The PyTorch version.</param>
    public RandomSampler(int count, ulong generatorSeed, ShuffleOrder shuffle = ShuffleOrder.Torch110)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        Count = count;
        _generatorSeed = generatorSeed;
        _shuffle = shuffle;
        _generator = new TorchGenerator(generatorSeed);
    }

    /// <summary>How many examples an epoch has.</summary>
    public int Count { get; }

    /// <summary>
    /// The Trainer's sampler: <c>set_seed(seed)</c>, then the sampler's own seed is the first number drawn from PyTorch's global generator.
    /// </summary>
    /// <param name="count">How many examples there are.</param>
    /// <param name="seed">The training argument <c>seed</c>.</param>
    /// <param name="shuffle">The PyTorch version.</param>
    public static RandomSampler ForTrainer(int count, ulong seed, ShuffleOrder shuffle = ShuffleOrder.Torch110) =>
        new(count, (ulong)new TorchGenerator(seed).NextInt63(), shuffle);

    /// <summary>The positions of the examples in the order of an epoch. Epochs asked for in turn cost one permutation each; going back starts anew.</summary>
    /// <param name="epoch">From 0.</param>
    public int[] Epoch(int epoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        lock (_lock)
        {
            if (epoch < _epoch)
            {
                _generator = new TorchGenerator(_generatorSeed);
                _epoch = 0;
            }

            while (true)
            {
                var order = _generator.RandomPermutation(Count);
                if (_shuffle == ShuffleOrder.Torch113)
                    _generator.RandomPermutation(Count);
                if (_epoch++ == epoch)
                    return order;
            }
        }
    }
}
