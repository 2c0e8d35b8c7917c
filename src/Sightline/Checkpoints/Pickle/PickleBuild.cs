namespace Sightline.Checkpoints.Pickle;

/// <summary>An object and the state that it is given after it was made; for writing.</summary>
/// <param name="made">A <see cref="PickleNew"/> or <see cref="PickleReduce"/>.</param>
/// <param name="state">Its state, often a <see cref="PickleDictionary"/> of its attributes.</param>
internal sealed class PickleBuild(object made, object? state)
{
    public object Made { get; } = made;

    public object? State { get; } = state;
}
