namespace Sightline.Data.Sampling;

/// <summary>Whose order of the examples is reproduced. The first epoch is the same in both.</summary>
public enum ShuffleOrder
{
    /// <summary>PyTorch 1.10, the model card's: one permutation an epoch.</summary>
    Torch110,

    /// <summary>PyTorch 1.13: a second, unused permutation is drawn after each epoch.</summary>
    Torch113,
}
