using System.Globalization;
using System.Runtime.InteropServices;
using Sightline.Training.Distributed;

namespace Sightline.Training.Cli.Launch;

/// <summary>Ends a rank whose launcher is gone, so that none is left behind when the launcher is killed.</summary>
internal static partial class ParentWatch
{
    /// <summary>Set for the ranks that <see cref="LocalLauncher"/> starts: its process id.</summary>
    public const string Variable = "SIGHTLINE_LAUNCHER";

    private static readonly TimeSpan s_period = TimeSpan.FromMilliseconds(500);
    private static Timer? s_timer;

    public static void Start()
    {
        if (OperatingSystem.IsWindows() || !int.TryParse(Environment.GetEnvironmentVariable(Variable), NumberStyles.None, CultureInfo.InvariantCulture, out var launcher))
            return;
        s_timer ??= new Timer(_ =>
        {
            if (Parent() == launcher)
                return;
            CommandRunner.Complain("the launcher is gone; this rank ends.");
            ProcessEnd.Now(CommandRunner.Failed);
        }, null, s_period, s_period);
    }

    [LibraryImport("libc", EntryPoint = "getppid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Parent();
}
