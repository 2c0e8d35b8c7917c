namespace Sightline.Training.Cli;

/// <summary>The command line does not make sense: exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);
