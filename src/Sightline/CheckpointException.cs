namespace Sightline;

/// <summary>A weight file cannot be read, or its tensors do not fit the configuration.</summary>
public sealed class CheckpointException : SightlineException
{
    /// <inheritdoc cref="SightlineException(string)"/>
    public CheckpointException(string message) : base(message) { }

    /// <inheritdoc cref="SightlineException(string, Exception)"/>
    public CheckpointException(string message, Exception? innerException) : base(message, innerException) { }
}
