namespace Sightline.Cli;

/// <summary>Options that are well formed but cannot be used together or with this model.</summary>
internal sealed class UsageException(string message) : Exception(message);
