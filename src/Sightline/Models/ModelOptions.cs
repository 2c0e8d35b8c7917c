using Sightline.Kernels;

namespace Sightline.Models;

/// <summary>How a model is loaded and run.</summary>
public sealed record ModelOptions
{
    /// <summary>Threads for the arithmetic; 0 (the default) means one per physical core.</summary>
    public int Threads { get; init; }

    /// <summary>Number format of the weights while the model runs. Default: that of the checkpoint if it was converted to one, else fp32.</summary>
    public WeightFormat DType { get; init; }

    /// <summary>Throws if a value is out of its range.</summary>
    /// <exception cref="ConfigurationException">Threads is negative or above 1024, or the format is none.</exception>
    public void Validate()
    {
        if (Threads is < 0 or > 1024)
            throw new ConfigurationException($"Threads is {Threads}; 0 (one per physical core) to 1024 was expected.");
        if (!Enum.IsDefined(DType))
            throw new ConfigurationException($"DType is {(int)DType}; one of {string.Join(", ", Enum.GetNames<WeightFormat>())} was expected.");
    }
}
