namespace Sightline.Worker.Queue;

/// <summary>How one worker works.</summary>
internal sealed record WorkerOptions
{
    /// <summary>The folder that the paths of jobs are relative to; no other file is read. What links inside it point to counts as inside.</summary>
    public required string Root { get; init; }

    /// <summary>Pictures that go through the model together; twice as many are in hand at most.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Store tokens and times, too.</summary>
    public bool Detailed { get; init; }

    /// <summary>End when no job waits and none is in hand anywhere.</summary>
    public bool UntilEmpty { get; init; }

    /// <summary>How long a job rests whose file could not be read.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Throws if there is no such folder.</summary>
    /// <exception cref="ConfigurationException">One line.</exception>
    public void Validate()
    {
        if (!Directory.Exists(Root))
            throw new ConfigurationException($"{Root}: no such folder; --root names the one that the paths of jobs are relative to.");
    }
}
