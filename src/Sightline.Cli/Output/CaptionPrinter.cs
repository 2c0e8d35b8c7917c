using System.Text.Json;
using Sightline.Cli.Captioning;

namespace Sightline.Cli.Output;

/// <summary>Prints captions as they come: <c>name⇥caption</c>, or JSON.</summary>
internal sealed class CaptionPrinter(Terminal terminal, bool json, bool verbose)
{
    /// <summary>Prints a caption with its alternatives, or an error.</summary>
    public void Print(CaptionResult result)
    {
        if (result.Error is { } error)
            PrintError(result, error);
        else if (json)
            terminal.WriteLine(JsonLine.Create(writer => Write(writer, result)));
        else
            PrintLines(result.Image, result.Caption!);
    }

    // Tabs separate and line breaks end: both become blanks inside a name or a caption.
    private void PrintLines(string image, Caption caption)
    {
        foreach (var each in caption.Alternatives.Prepend(caption))
            terminal.WriteLine($"{image.Replace('\t', ' ')}\t{each.Text.Replace('\t', ' ').ReplaceLineEndings(" ")}");
    }

    private void PrintError(CaptionResult result, Exception error)
    {
        var message = error is SightlineException ? error.Message : $"{result.Image}: unexpected error: {error.GetType().Name}: {error.Message}";
        if (json)
        {
            terminal.WriteLine(JsonLine.Create(writer =>
            {
                writer.WriteString("image", result.Image);
                writer.WriteString("error", message);
            }));
        }

        terminal.WriteError($"sightline: {message}");
        if (verbose)
            terminal.Error.WriteLine(error);
    }

    private static void Write(Utf8JsonWriter writer, CaptionResult result)
    {
        var caption = result.Caption!;
        writer.WriteString("image", result.Image);
        WriteCaption(writer, caption);
        writer.WriteNumber("ms", Math.Round(result.Milliseconds, 3));
        if (caption.Alternatives.Count == 0)
            return;
        writer.WriteStartArray("alternatives");
        foreach (var alternative in caption.Alternatives)
        {
            writer.WriteStartObject();
            WriteCaption(writer, alternative);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteCaption(Utf8JsonWriter writer, Caption caption)
    {
        writer.WriteString("text", caption.Text);
        writer.WriteStartArray("ids");
        foreach (var token in caption.Tokens)
            writer.WriteNumberValue(token.Id);
        writer.WriteEndArray();
        writer.WriteFinite("score", caption.Score);
        writer.WriteStartArray("tokens");
        foreach (var token in caption.Tokens)
        {
            writer.WriteStartObject();
            writer.WriteString("text", token.Text);
            writer.WriteFinite("log_probability", token.LogProbability);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
