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
