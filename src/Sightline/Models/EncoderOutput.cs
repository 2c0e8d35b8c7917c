using System.Buffers;

namespace Sightline.Models;

/// <summary>What the picture encoder gives for a batch. Disposing gives the memory of the last hidden state back to the shared pool, for the next batch; it need not be done.</summary>
public sealed class EncoderOutput : IDisposable
{
    private ReadOnlyMemory<float> _lastHiddenState;
    private float[]? _lent;
    private bool _disposed;

    /// <summary>Number of pictures.</summary>
    public required int Batch { get; init; }

    /// <summary>Positions per picture: class token, perhaps the distillation token, then the patches row by row.</summary>
    public required int SequenceLength { get; init; }

    /// <summary>Width of the states.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>[batch, seq, hidden], after the final layer norm; not to be used after disposal.</summary>
    /// <exception cref="ObjectDisposedException">The memory was given back.</exception>
    public required ReadOnlyMemory<float> LastHiddenState
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _lastHiddenState;
        }
        init => _lastHiddenState = value;
    }

    /// <summary>[batch, hidden], tanh of the pooler on the class token; null unless asked for and stored. Captions do not use it.</summary>
    public float[]? PoolerOutput { get; init; }

    /// <summary>Embeddings, then the output of every layer (before the final norm), each [batch, seq, hidden]; empty unless asked for.</summary>
    public IReadOnlyList<float[]> HiddenStates { get; init; } = [];

    /// <summary>Attention probabilities of every layer, each [batch, heads, seq, seq]; empty unless asked for.</summary>
    public IReadOnlyList<float[]> Attentions { get; init; } = [];

    /// <summary>The array of the shared pool that holds the last hidden state, if one does.</summary>
    internal float[]? Lent
    {
        init => _lent = value;
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        _disposed = true;
        if (Interlocked.Exchange(ref _lent, null) is { } lent)
            ArrayPool<float>.Shared.Return(lent);
    }
}
