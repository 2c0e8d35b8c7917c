using Sightline.Training.Modeling;
using static TorchSharp.torch;

namespace Sightline.Training.Benchmarks.Captions;

/// <summary>What attention reads: keys and values, each [rows, heads, positions, head width].</summary>
internal sealed record KeyValues(Tensor Keys, Tensor Values)
{
    /// <summary>Of two tensors [rows, positions, width].</summary>
    public static KeyValues Split(Tensor[] parts, int heads) => new(Operations.SplitHeads(parts[0], heads), Operations.SplitHeads(parts[1], heads));

    public KeyValues Append(KeyValues next) => new(cat([Keys, next.Keys], 2), cat([Values, next.Values], 2));

    public KeyValues Select(Tensor rows) => new(Keys.index_select(0, rows), Values.index_select(0, rows));

    /// <summary>The same, to outlive the scope it was made in.</summary>
    public KeyValues Keep()
    {
        Keys.DetachFromDisposeScope();
        Values.DetachFromDisposeScope();
        return this;
    }

    public void Release()
    {
        Keys.Dispose();
        Values.Dispose();
    }
}
