using System.Diagnostics;

namespace Sightline.Training.Tests;

/// <summary>A file system of a few megabytes, to run out of space on; needs the right to mount.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _path;

    private SmallDisk(string path) => _path = path;

    public static SmallDisk? TryMount(string path, int megabytes)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        Directory.CreateDirectory(path);
        return Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", path) ? new SmallDisk(path) : null;
    }

    public void Dispose() => Run("umount", _path);

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
