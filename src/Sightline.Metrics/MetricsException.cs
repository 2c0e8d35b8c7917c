namespace Sightline.Metrics;

/// <summary>
/// Input that cannot be scored: a file of the wrong kind, repeated or unknown image ids, nothing to evaluate. The message is one line: what is
/// wrong, what was found, what was expected, where, and the next step.
/// </summary>
public sealed class MetricsException : Exception
{
    /// <summary>Creates the exception with a one-line message.</summary>
    public MetricsException(string message) : base(message) { }

    /// <summary>Creates the exception with a one-line message and the error that caused it.</summary>
    public MetricsException(string message, Exception? innerException) : base(message, innerException) { }
}
