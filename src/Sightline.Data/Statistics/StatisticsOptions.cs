namespace Sightline.Data.Statistics;

/// <summary>What is counted, and how long the lists are.</summary>
public sealed record StatisticsOptions
{
    /// <summary>How many of the most frequent captions are listed, 0 to 1000. Default 10.</summary>
    public int MostFrequent { get; init; } = 10;

    /// <summary>Lengths in tokens above which captions are counted, in the order to report. Default 20 and 50, generation's usual <c>max_length</c>.</summary>
    public IReadOnlyList<int> TokenLimits { get; init; } = [20, 50];

    /// <summary>Compare the bytes of all pictures between splits (reads every file). Default false: names only.</summary>
    public bool CompareImageBytes { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="ConfigurationException">A value is out of range.</exception>
    public void Validate()
    {
        if (MostFrequent is < 0 or > 1000)
            throw new ConfigurationException($"statistics options: MostFrequent is {MostFrequent}, expected 0 to 1000.");
        if (TokenLimits.Any(limit => limit < 1))
            throw new ConfigurationException($"statistics options: a token limit is below 1 ({string.Join(", ", TokenLimits)}).");
    }
}
