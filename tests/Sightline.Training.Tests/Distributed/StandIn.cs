using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Sightline.Training.Tests.Distributed;

/// <summary>A C library made by the test, in place of one that the machine does not have.</summary>
internal sealed class StandIn : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly nint _library;

    /// <summary>Compiles it; the test is skipped where there is no compiler.</summary>
    public StandIn(string source)
    {
        var compiler = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "gcc")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(compiler is null, "gcc is not on PATH, and stand-in libraries are written in C; apt install gcc libc6-dev (Debian, Ubuntu).");
        var file = _folder.File("stand-in.c");
        File.WriteAllText(file, source);
        Location = _folder.File($"stand-in-{Guid.NewGuid():N}.so");
        using var process = Process.Start(new ProcessStartInfo(compiler, ["-shared", "-fPIC", "-Wall", "-Werror", "-o", Location, file]) { RedirectStandardError = true })!;
        var problems = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, problems);
        _library = NativeLibrary.Load(Location);
    }

    /// <summary>The library's file.</summary>
    public string Location { get; }

    /// <summary>Calls so far, in the order in which they came, as the library wrote them down.</summary>
    public string[] Calls => Marshal.PtrToStringUTF8(NativeLibrary.GetExport(_library, "calls"))!.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Writing down calls.</summary>
    public const string Log = """
        #include <stdarg.h>
        #include <stddef.h>
        #include <stdint.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        char calls[65536];
        static void note(const char* format, ...) {
            va_list values;
            size_t length = strlen(calls);
            va_start(values, format);
            vsnprintf(calls + length, sizeof calls - length, format, values);
            va_end(values);
            strcat(calls, "\n");
        }

        """;

    public void Dispose() => _folder.Dispose();
}
