using Sightline.Cli.Captioning;

namespace Sightline.Cli.Output;

/// <summary>Prints captions as they come: <c>name⇥caption</c>, or JSON.</summary>
internal sealed class CaptionPrinter(Terminal terminal, bool json, bool verbose)
{
    /// <summary>Prints a caption with its alternatives, or an error.</summary>
    public void Print(CaptionOutcome<ImageArgument> result)
    {
        var name = result.Item.Name;
        if (result.Error is { } error)
            PrintError(name, error);
        else if (json)
            terminal.WriteLine(JsonLine.Create(writer =>
            {
                writer.WriteString("image", name);
                CaptionJson.WriteDetails(writer, result.Caption!, result.Milliseconds);
            }));
        else
            PrintLines(name, result.Caption!);
    }

    // Tabs separate and line breaks end: both become blanks inside a name or a caption.
    private void PrintLines(string image, Caption caption)
    {
        foreach (var each in caption.Alternatives.Prepend(caption))
            terminal.WriteLine($"{image.Replace('\t', ' ')}\t{each.Text.Replace('\t', ' ').ReplaceLineEndings(" ")}");
    }

    private void PrintError(string image, Exception error)
    {
        var message = CaptionJson.ErrorMessage(image, error);
        if (json)
        {
            terminal.WriteLine(JsonLine.Create(writer =>
            {
                writer.WriteString("image", image);
                writer.WriteString("error", message);
            }));
        }

        terminal.WriteError($"sightline: {message}");
        if (verbose)
            terminal.Error.WriteLine(error);
    }
}
