namespace Sightline.Data;

/// <summary>A caption data set cannot be used: a file is damaged, an entry is wrong, a picture is missing. The message is one line.</summary>
public sealed class DatasetException : SightlineException
{
    /// <inheritdoc cref="SightlineException(string)"/>
    public DatasetException(string message) : base(message) { }

    /// <inheritdoc cref="SightlineException(string, Exception)"/>
    public DatasetException(string message, Exception? innerException) : base(message, innerException) { }
}
