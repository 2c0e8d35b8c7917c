using System.Text;

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
    public TextWriter Output { get; } = Open(Console.OpenStandardOutput());

    /// <summary>Errors, notes and progress.</summary>
    public TextWriter Error { get; } = Open(Console.OpenStandardError());

    /// <summary>Where lines go while a progress bar stands on the terminal, so that they appear above it; null without one.</summary>
    public Action<string>? AboveProgress { get; set; }

    /// <summary>Writes one line of results and flushes it. A line break inside becomes a blank.</summary>
    public void WriteLine(string line)
    {
        line = OneLine(line);
        if (AboveProgress is { } above && !Console.IsOutputRedirected)
            above(line);
        else
            Output.WriteLine(line);
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

    private static StreamWriter Open(Stream stream) => new(stream, s_utf8) { NewLine = "\n", AutoFlush = true };
}
