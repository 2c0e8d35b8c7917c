namespace Sightline.Training.Cli.Demo;

/// <summary>What the user of <c>sightline-train demo</c> may choose.</summary>
internal sealed record DemoOptions
{
    /// <summary>Updates per minute asked for: measured on 2 cores so that the default of 3 minutes of learning keeps the whole job under 4.</summary>
    public const int StepsPerMinute = 2500;

    /// <summary>The folder that gets everything. Default: <c>demo</c>.</summary>
    public string Out { get; init; } = "demo";

    /// <summary>Decides pictures, weights and order. Default 7.</summary>
    public long Seed { get; init; } = 7;

    /// <summary>
    /// How long to learn. It sets the number of updates, not a clock, so that a seed gives the same result on one machine whatever else runs there.
    /// </summary>
    public double Minutes { get; init; } = 3;

    /// <summary>Threads; 0 means one per processor. Default 1: the tensors are so small that a second thread costs more than it brings.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Updates of the optimizer.</summary>
    public int Steps => Math.Max(1, (int)Math.Round(Minutes * StepsPerMinute));

    /// <summary>Throws if a value is out of its range.</summary>
    /// <exception cref="ConfigurationException">Minutes or seed are out of range.</exception>
    public void Validate()
    {
        if (!(Minutes is > 0 and <= 1440))
            throw new ConfigurationException($"--minutes is {Minutes}; a number above 0, at most 1440, was expected.");
        if (Seed < 0)
            throw new ConfigurationException($"--seed is {Seed}; 0 or more was expected.");
    }
}
