using System.Runtime.InteropServices;

namespace Sightline.Training.Distributed;

/// <summary>Ends the process without waiting for anything: threads may be stuck in native code, where <see cref="Environment.Exit"/> would wait for them.</summary>
internal static partial class ProcessEnd
{
    /// <summary>EX_TEMPFAIL of sysexits.h: the same run may succeed when it is started again.</summary>
    public const int TemporaryFailure = 75;

    public static void Now(int exitCode)
    {
        Console.Out.Flush();
        Console.Error.Flush();
        if (!OperatingSystem.IsWindows())
            ExitUnix(exitCode);
        Environment.Exit(exitCode);
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void ExitUnix(int status);
}
