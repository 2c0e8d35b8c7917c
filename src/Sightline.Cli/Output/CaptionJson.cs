using System.Text.Json;

namespace Sightline.Cli.Output;

/// <summary>Captions and errors as members of a JSON object; the same names wherever the command writes JSON.</summary>
internal static class CaptionJson
{
    /// <summary>A result of one picture of many: <c>id</c>, then the caption or <c>error</c>.</summary>
    /// <param name="id">The picture.</param>
    /// <param name="outcome">What became of it.</param>
    /// <param name="detailed">Everything that is known of a caption; otherwise text and score.</param>
    public static string Line<T>(string id, CaptionOutcome<T> outcome, bool detailed) => JsonLine.Create(writer =>
    {
        writer.WriteString("id", id);
        if (outcome.Caption is not { } caption)
            writer.WriteString("error", ErrorMessage(id, outcome.Error!));
        else if (detailed)
            WriteDetails(writer, caption, outcome.Milliseconds);
        else
            WriteShort(writer, caption);
    });

    /// <summary>Everything: text, ids, score, tokens, time, alternatives.</summary>
    public static void WriteDetails(Utf8JsonWriter writer, Caption caption, double milliseconds)
    {
        WriteCaption(writer, caption);
        writer.WriteNumber("ms", Math.Round(milliseconds, 3));
        WriteAlternatives(writer, caption, WriteCaption);
    }

    /// <summary>What is wrong with a picture, in one line that names it.</summary>
    public static string ErrorMessage(string image, Exception error) =>
        error is SightlineException ? error.Message : $"{image}: unexpected error: {error.GetType().Name}: {error.Message}";

    private static void WriteShort(Utf8JsonWriter writer, Caption caption)
    {
        WriteText(writer, caption);
        WriteAlternatives(writer, caption, WriteText);
    }

    private static void WriteText(Utf8JsonWriter writer, Caption caption)
    {
        writer.WriteString("text", caption.Text);
        writer.WriteFinite("score", caption.Score);
    }

    private static void WriteAlternatives(Utf8JsonWriter writer, Caption caption, Action<Utf8JsonWriter, Caption> write)
    {
        if (caption.Alternatives.Count == 0)
            return;
        writer.WriteStartArray("alternatives");
        foreach (var alternative in caption.Alternatives)
        {
            writer.WriteStartObject();
            write(writer, alternative);
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
