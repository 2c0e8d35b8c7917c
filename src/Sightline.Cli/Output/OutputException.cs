namespace Sightline.Cli.Output;

/// <summary>A result could not be written: the disk is full, or the program that read the results has ended.</summary>
internal sealed class OutputException(Exception cause) : SightlineException($"the results cannot be written: {cause.Message.TrimEnd('.')}.", cause)
{
    private const int BrokenPipe = 32; // EPIPE of Linux and macOS

    /// <summary>Whether nobody reads any more, as after <c>| head -1</c>: no fault, and nothing to say.</summary>
    public bool IsPipeClosed { get; } = cause.HResult == BrokenPipe;
}
