namespace Sightline;

/// <summary>A picture cannot be decoded: damaged, cut off, too large, or of a kind that is not supported.</summary>
public sealed class ImageDecodeException : SightlineException
{
    /// <inheritdoc cref="SightlineException(string)"/>
    public ImageDecodeException(string message) : base(message) { }

    /// <inheritdoc cref="SightlineException(string, Exception)"/>
    public ImageDecodeException(string message, Exception? innerException) : base(message, innerException) { }
}
