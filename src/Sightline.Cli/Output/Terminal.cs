using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Sightline.Cli.Output;

/// <summary>
/// The two streams a command writes to: results, and everything else. Both are UTF-8 and take whole lines, so that they work in a pipe and with a
/// screen reader.
/// </summary>
internal sealed class Terminal
{
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private Terminal()
    {
    }

    /// <summary>The terminal of this process.</summary>
    public static Terminal Current { get; } = new();

    /// <summary>Results.</summary>
    public TextWriter Output { get; } = Open(OpenOutput());

    /// <summary>Errors, notes and progress.</summary>
    public TextWriter Error { get; } = Open(Console.OpenStandardError());

    /// <summary>Where lines go while a progress bar stands on the terminal, so that they appear above it; null without one.</summary>
    public Action<string>? AboveProgress { get; set; }

    /// <summary>Writes one line of results and flushes it. A line break inside becomes a blank.</summary>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public void WriteLine(string line)
    {
        line = OneLine(line);
        try
        {
            if (AboveProgress is { } above && !Console.IsOutputRedirected)
                above(line);
            else
                Output.WriteLine(line);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OutputException(e);
        }
    }

    /// <summary>Writes one line about an error. A line break inside becomes a blank.</summary>
    public void WriteError(string line)
    {
        line = OneLine(line);
        if (AboveProgress is { } above)
            above(line);
        else
            Error.WriteLine(line);
    }

    /// <summary>The text without control characters other than tabs: names of files can hold anything, also what would command a terminal.</summary>
    public static string OneLine(string text) =>
        string.Create(text.ReplaceLineEndings(" ").Length, text.ReplaceLineEndings(" "), static (line, source) =>
        {
            for (var i = 0; i < line.Length; i++)
                line[i] = char.IsControl(source[i]) && source[i] != '\t' ? ' ' : source[i];
        });

    // The console's own stream takes no notice of a closed pipe, and the command would work on for nobody. Files stay with it: it appends where others
    // write to the same file.
    private static Stream OpenOutput()
    {
        if (OperatingSystem.IsWindows() || !Console.IsOutputRedirected)
            return Console.OpenStandardOutput();
        try
        {
            var stream = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            return stream.CanSeek ? Console.OpenStandardOutput() : stream;
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
        {
            return Console.OpenStandardOutput(); // the stream is closed
        }
    }

    private static StreamWriter Open(Stream stream) => new(stream, s_utf8) { NewLine = "\n", AutoFlush = true };
}
