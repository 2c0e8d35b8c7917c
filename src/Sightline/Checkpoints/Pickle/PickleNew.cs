namespace Sightline.Checkpoints.Pickle;

/// <summary>An instance that is made without calling the class's <c>__init__</c>, as Python pickles most objects; for writing.</summary>
/// <param name="type">Its class.</param>
internal sealed class PickleNew(PickleGlobal type)
{
    public PickleGlobal Type { get; } = type;
}
