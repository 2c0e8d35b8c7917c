using System.Text.Json.Nodes;

namespace Sightline.Training.Cli.Output;

/// <summary>Where a run's news goes: a sentence for people, or an object a line for machines.</summary>
/// <param name="output">Gets the lines.</param>
/// <param name="json">Objects instead of sentences.</param>
internal sealed class RunEvents(TextWriter output, bool json)
{
    /// <summary>Objects instead of sentences.</summary>
    public bool IsJson => json;

    /// <summary>Called before a line is written; a live line steps aside.</summary>
    public Action? BeforeLine { get; set; }

    /// <summary>Tells of an event.</summary>
    /// <param name="name">The event.</param>
    /// <param name="sentence">For people; null: nothing is said.</param>
    /// <param name="values">For machines.</param>
    public void Tell(string name, string? sentence, JsonObject? values = null)
    {
        if (!json && sentence is null)
            return;
        BeforeLine?.Invoke();
        if (!json)
        {
            output.WriteLine(sentence!.ReplaceLineEndings(" "));
        }
        else
        {
            var line = new JsonObject { ["event"] = name };
            foreach (var (key, value) in values ?? [])
                line[key] = value is JsonValue number && number.TryGetValue<double>(out var real) && !double.IsFinite(real) ? real.ToString(System.Globalization.CultureInfo.InvariantCulture) : value?.DeepClone();
            output.WriteLine(line.ToJsonString());
        }

        output.Flush();
    }
}
