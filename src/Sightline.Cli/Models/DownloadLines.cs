using System.Globalization;
using Sightline.Cli.Output;
using Sightline.Hub;

namespace Sightline.Cli.Models;

/// <summary>Says how far a download is: a bar where there is one, and a line for each file and for each tenth of a large download where there is none.</summary>
/// <param name="terminal">Gets the lines, on the error stream.</param>
/// <param name="bar">Moves the bar; null without one.</param>
internal sealed class DownloadLines(Terminal terminal, Action<long, long>? bar) : IProgress<HubProgress>
{
    private const long Large = 50_000_000;

    private readonly Lock _lock = new();
    private int _tenths;

    public void Report(HubProgress value)
    {
        lock (_lock)
        {
            bar?.Invoke(value.Bytes, value.TotalBytes);
            if (value.IsDone)
                terminal.WriteError($"sightline: {value.File} ({ByteSize.Show(value.FileSize)}) is here.");
            else if (bar is null && value.TotalBytes >= Large && (int)(value.Bytes * 10 / value.TotalBytes) is var tenths && tenths > _tenths)
                terminal.WriteError(string.Create(CultureInfo.InvariantCulture, $"sightline: {(_tenths = tenths) * 10} % of {ByteSize.Show(value.TotalBytes)}."));
        }
    }
}
