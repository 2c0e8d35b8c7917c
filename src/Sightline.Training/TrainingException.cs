namespace Sightline.Training;

/// <summary>A run cannot go on: the loss is not a number, or a checkpoint cannot be resumed from. The message is one line.</summary>
public sealed class TrainingException : SightlineException
{
    /// <inheritdoc cref="SightlineException(string)"/>
    public TrainingException(string message) : base(message) { }

    /// <inheritdoc cref="SightlineException(string, Exception)"/>
    public TrainingException(string message, Exception? innerException) : base(message, innerException) { }
}
