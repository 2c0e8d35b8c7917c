namespace Sightline.Checkpoints.Pickle;

/// <summary>An instance of an allowed class: what the pickle says of it and no more.</summary>
/// <param name="className">Module and name, e.g. <c>transformers.training_args.TrainingArguments</c>.</param>
/// <param name="arguments">What the class was called with.</param>
internal sealed class PickleObject(string className, object?[] arguments) : IPickleState
{
    /// <summary>Module and name of the class.</summary>
    public string ClassName { get; } = className;

    /// <summary>What the class was called with.</summary>
    public IReadOnlyList<object?> Arguments { get; } = arguments;

    /// <summary>Its state, usually a <see cref="PickleDictionary"/> of its attributes; null where the pickle gives none.</summary>
    public object? State { get; private set; }

    /// <inheritdoc/>
    public void SetState(object? state) => State = state;
}
