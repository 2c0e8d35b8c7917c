namespace Sightline.Cli;

/// <summary>What the command tells its caller when it ends.</summary>
internal static class ExitCode
{
    /// <summary>Everything was done.</summary>
    public const int Done = 0;

    /// <summary>Something failed: it was said on the standard error stream.</summary>
    public const int Failed = 1;

    /// <summary>The command line cannot be understood; nothing was done.</summary>
    public const int WrongUsage = 2;

    /// <summary>Stopped by Ctrl-C, as shells count it: 128 + SIGINT.</summary>
    public const int Interrupted = 130;

    /// <summary>The program that read the results has ended, as shells count it: 128 + SIGPIPE.</summary>
    public const int PipeClosed = 141;

    /// <summary>Asked to end by another program: 128 + SIGTERM.</summary>
    public const int Terminated = 143;
}
