namespace Sightline;

/// <summary>
/// Base of every error that Sightline raises for bad input. The message is one line that a user can act on: what is
/// wrong, what was found, what was expected, where, and the next step. Programs show it without a stack trace.
/// </summary>
public class SightlineException : Exception
{
    /// <summary>Creates the exception with a one-line message.</summary>
    public SightlineException(string message) : base(message) { }

    /// <summary>Creates the exception with a one-line message and the error that caused it.</summary>
    public SightlineException(string message, Exception? innerException) : base(message, innerException) { }
}

/// <summary>A configuration file (config.json, generation_config.json, preprocessor_config.json, tokenizer files) cannot be used.</summary>
public sealed class ConfigurationException : SightlineException
{
    /// <inheritdoc cref="SightlineException(string)"/>
    public ConfigurationException(string message) : base(message) { }

    /// <inheritdoc cref="SightlineException(string, Exception)"/>
    public ConfigurationException(string message, Exception? innerException) : base(message, innerException) { }
}

/// <summary>A weight file cannot be read, or its tensors do not fit the configuration.</summary>
public sealed class CheckpointException : SightlineException
{
    /// <inheritdoc cref="SightlineException(string)"/>
    public CheckpointException(string message) : base(message) { }

    /// <inheritdoc cref="SightlineException(string, Exception)"/>
    public CheckpointException(string message, Exception? innerException) : base(message, innerException) { }
}

/// <summary>A picture cannot be decoded: damaged, cut off, too large, or of a kind that is not supported.</summary>
public sealed class ImageDecodeException : SightlineException
{
    /// <inheritdoc cref="SightlineException(string)"/>
    public ImageDecodeException(string message) : base(message) { }

    /// <inheritdoc cref="SightlineException(string, Exception)"/>
    public ImageDecodeException(string message, Exception? innerException) : base(message, innerException) { }
}
