namespace Sightline.Checkpoints.Pickle;

/// <summary>An object to which a pickle may give a state after it was made (the BUILD instruction, Python's <c>__setstate__</c> or <c>__dict__</c>).</summary>
internal interface IPickleState
{
    /// <summary>Takes the state. Called at most once for each BUILD; the last one counts.</summary>
    void SetState(object? state);
}
