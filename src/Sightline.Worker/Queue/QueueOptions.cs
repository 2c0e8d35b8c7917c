namespace Sightline.Worker.Queue;

/// <summary>Where the queue is and how it treats jobs.</summary>
internal sealed record QueueOptions
{
    /// <summary>Address of the server; user and password, or a token, may be in it.</summary>
    public string Url { get; init; } = "nats://127.0.0.1:4222";

    /// <summary>Begins the names of streams and subjects: letters, digits, <c>-</c> and <c>_</c>, at most 64.</summary>
    public string Name { get; init; } = "sightline";

    /// <summary>Times that a job is given to a worker before it is set aside, 1 to 1000.</summary>
    public int MaxDeliveries { get; init; } = 5;

    /// <summary>How long the server waits for a sign of life before it gives a job to another worker, 1 second to 1 hour.</summary>
    public TimeSpan AckWait { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Jobs that all workers together have in hand at most, 1 to 100,000.</summary>
    public int MaxAckPending { get; init; } = 1000;

    /// <summary>Throws if a value is out of its range.</summary>
    /// <exception cref="ConfigurationException">All faults in one line.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        if (!Uri.TryCreate(Url, UriKind.Absolute, out var url) || url.Scheme is not ("nats" or "tls" or "ws" or "wss") || url.Host.Length == 0)
            faults.Add("the server's address is not a URL such as nats://host:4222 (or tls, ws, wss)"); // it may hold a password: not repeated
        if (Name.Length is 0 or > 64 || !Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            faults.Add($"the queue's name is '{Name}'; 1 to 64 letters, digits, '-' and '_' were expected");
        if (MaxDeliveries is < 1 or > 1000)
            faults.Add($"MaxDeliveries is {MaxDeliveries}; 1 to 1000 was expected");
        if (AckWait < TimeSpan.FromSeconds(1) || AckWait > TimeSpan.FromHours(1))
            faults.Add($"AckWait is {AckWait}; a second to an hour was expected");
        if (MaxAckPending is < 1 or > 100_000)
            faults.Add($"MaxAckPending is {MaxAckPending}; 1 to 100000 was expected");
        if (faults.Count > 0)
            throw new ConfigurationException($"queue options: {string.Join("; ", faults)}.");
    }
}
