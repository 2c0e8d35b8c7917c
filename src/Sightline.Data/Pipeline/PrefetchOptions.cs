namespace Sightline.Data.Pipeline;

/// <summary>How far work runs ahead of its reader.</summary>
public sealed record PrefetchOptions
{
    /// <summary>How many items are worked on at once, 1 to 1024. Default the number of processors.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>How many finished or started items may wait for the reader, 1 to 65,536; bounds the memory. Default twice the processors.</summary>
    public int Ahead { get; init; } = 2 * Environment.ProcessorCount;

    /// <summary>Checks every value.</summary>
    /// <exception cref="ConfigurationException">A value is out of range; all of them are named.</exception>
    public void Validate()
    {
        var problems = new List<string>();
        if (Workers is < 1 or > 1024)
            problems.Add($"workers is {Workers}, expected 1 to 1024");
        if (Ahead is < 1 or > 65_536)
            problems.Add($"ahead is {Ahead}, expected 1 to 65536");
        if (problems.Count > 0)
            throw new ConfigurationException($"prefetch options: {string.Join("; ", problems)}.");
    }
}
