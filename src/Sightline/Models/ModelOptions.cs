namespace Sightline.Models;

/// <summary>How a model is loaded and run.</summary>
public sealed record ModelOptions
{
    /// <summary>Threads for the arithmetic; 0 (the default) means one per processor.</summary>
    public int Threads { get; init; }

    /// <summary>Throws if a value is out of its range.</summary>
    /// <exception cref="ConfigurationException">Threads is negative or above 1024.</exception>
    public void Validate()
    {
        if (Threads is < 0 or > 1024)
            throw new ConfigurationException($"Threads is {Threads}; 0 (one per processor) to 1024 was expected.");
    }
}
