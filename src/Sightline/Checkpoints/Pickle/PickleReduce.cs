namespace Sightline.Checkpoints.Pickle;

/// <summary>A call that a pickle is to make when Python loads it; for writing.</summary>
/// <param name="callee">What is called.</param>
/// <param name="arguments">Its arguments.</param>
internal sealed class PickleReduce(PickleGlobal callee, object?[] arguments)
{
    public PickleGlobal Callee { get; } = callee;

    public object?[] Arguments { get; } = arguments;
}
