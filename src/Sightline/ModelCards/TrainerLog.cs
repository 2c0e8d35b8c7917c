using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sightline.ModelCards;

/// <summary>The <c>log_history</c> of a trainer as the card reads it (Transformers 4.17, <c>parse_log_history</c>).</summary>
internal sealed class TrainerLog
{
    private static readonly string[] s_speeds = ["eval_runtime", "eval_samples_per_second", "eval_steps_per_second"];

    private TrainerLog(IReadOnlyList<IReadOnlyList<(string, string)>>? table, IReadOnlyList<(string, JsonNode?)>? results)
    {
        Table = table;
        Results = results;
    }

    /// <summary>One row for each evaluation before the end of training, as columns and cells; null where no training was logged.</summary>
    public IReadOnlyList<IReadOnlyList<(string Column, string Cell)>>? Table { get; }

    /// <summary>The values of the last evaluation; null where there is none, or where it is the very first row of the log.</summary>
    public IReadOnlyList<(string Name, JsonNode? Value)>? Results { get; }

    public static TrainerLog Parse(IReadOnlyList<JsonObject> history)
    {
        var end = history.ToList().FindIndex(row => row.ContainsKey("train_runtime"));
        var last = history.ToList().FindLastIndex(row => row.ContainsKey("eval_loss"));
        var results = last > 0 ? ResultsOf(history[last]) : null;
        if (end < 0)
            return new TrainerLog(null, last > 0 ? [.. history[last].Select(pair => (pair.Key, pair.Value))] : null);
        var table = new List<IReadOnlyList<(string, string)>>();
        var loss = "No log";
        foreach (var row in history.Take(end))
        {
            if (row.TryGetPropertyValue("loss", out var value))
                loss = Text(value);
            if (!row.ContainsKey("eval_loss"))
                continue;
            var cells = new List<(string, string)> { ("Training Loss", loss), ("Epoch", Text(row["epoch"])), ("Step", Text(row["step"])) };
            foreach (var (key, metric) in row.Where(pair => pair.Key is not ("total_flos" or "epoch" or "step") && !s_speeds.Contains(pair.Key)))
                cells.Add((key == "eval_loss" ? "Validation Loss" : Capitalize(key[(key.IndexOf('_', StringComparison.Ordinal) + 1)..]), Text(metric)));
            table.Add(cells);
        }

        return new TrainerLog(table, results);
    }

    /// <summary>A value as the card shows it: a float with more than 4 digits after the point gets 4, anything else is as Python prints it.</summary>
    public static string Text(JsonNode? node)
    {
        if (node is null)
            return "None";
        if (node.GetValueKind() == JsonValueKind.String)
            return node.GetValue<string>();
        var text = IO.PythonJson.Serialize(node, indent: -1);
        var point = text.IndexOf('.', StringComparison.Ordinal);
        return point >= 0 && text.Length - point - 1 > 4 ? IO.PythonNumber.Fixed(node.GetValue<double>(), 4) : text;
    }

    private static List<(string, JsonNode?)> ResultsOf(JsonObject row)
    {
        var results = new List<(string, JsonNode?)>();
        foreach (var (key, value) in row)
        {
            var name = key.StartsWith("eval_", StringComparison.Ordinal) ? key["eval_".Length..] : key;
            if (name is not ("runtime" or "samples_per_second" or "steps_per_second" or "epoch" or "step"))
                results.Add((Capitalize(name), value));
        }

        return results;
    }

    // cider_d -> Cider D
    private static string Capitalize(string name) =>
        string.Join(' ', name.Split('_').Select(part => part.Length == 0 ? part : char.ToUpperInvariant(part[0]) + part[1..].ToLowerInvariant()));
}
