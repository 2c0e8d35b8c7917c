namespace Sightline.Hub;

/// <summary>A model cannot be fetched from the hub or found in its cache. The message is one line that says why and what to do; it never holds a token.</summary>
public sealed class HubException : SightlineException
{
    /// <inheritdoc cref="SightlineException(string)"/>
    public HubException(string message) : base(message) { }

    /// <inheritdoc cref="SightlineException(string, Exception)"/>
    public HubException(string message, Exception? innerException) : base(message, innerException) { }
}
