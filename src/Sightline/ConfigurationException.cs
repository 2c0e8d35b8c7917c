namespace Sightline;

/// <summary>A configuration file (config.json, generation_config.json, preprocessor_config.json, tokenizer files) cannot be used.</summary>
public sealed class ConfigurationException : SightlineException
{
    /// <inheritdoc cref="SightlineException(string)"/>
    public ConfigurationException(string message) : base(message) { }

    /// <inheritdoc cref="SightlineException(string, Exception)"/>
    public ConfigurationException(string message, Exception? innerException) : base(message, innerException) { }
}
