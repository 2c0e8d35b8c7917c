using System.Text;
using System.Text.Json.Nodes;

namespace Sightline.ModelCards;

/// <summary>
/// The README.md that the Trainer of Transformers 4.17 writes beside a model (<c>modelcard.TrainingSummary</c>), byte for byte. Most of it is left for a person to
/// fill in.
/// </summary>
public static class TrainerCard
{
    private const string GeneratedTag = "generated_from_trainer";

    private static readonly string[] s_metricTags =
        ["accuracy", "bleu", "f1", "matthews_correlation", "pearsonr", "precision", "recall", "rouge", "sacrebleu", "spearmanr"];

    private static readonly Dictionary<string, string> s_taskNames = new()
    {
        ["fill-mask"] = "Masked Language Modeling",
        ["image-classification"] = "Image Classification",
        ["multiple-choice"] = "Multiple Choice",
        ["object-detection"] = "Object Detection",
        ["question-answering"] = "Question Answering",
        ["summarization"] = "Summarization",
        ["table-question-answering"] = "Table Question Answering",
        ["text-classification"] = "Text Classification",
        ["text-generation"] = "Causal Language Modeling",
        ["text2text-generation"] = "Sequence-to-sequence Language Modeling",
        ["token-classification"] = "Token Classification",
        ["translation"] = "Translation",
        ["zero-shot-classification"] = "Zero Shot Classification",
    };

    /// <summary>The text of the card.</summary>
    /// <param name="options">What it says of the model.</param>
    /// <param name="logHistory">The rows of <c>trainer_state.json</c>.</param>
    public static string Create(TrainerCardOptions options, IReadOnlyList<JsonObject> logHistory)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(logHistory);
        var log = TrainerLog.Parse(logHistory);
        var text = new StringBuilder("---\n");
        AppendMetadata(text, options, log);
        text.Append("""
            ---

            <!-- This model card has been generated automatically according to the information the Trainer had access to. You
            should probably proofread and complete it, then remove this comment. -->

            """.ReplaceLineEndings("\n"));
        text.Append($"\n# {options.ModelName}\n\n");
        text.Append(options.FinetunedFrom is { } origin
            ? $"This model is a fine-tuned version of [{origin}](https://huggingface.co/{origin}) on "
            : "This model was trained from scratch on ");
        text.Append(Datasets(options.Datasets));
        if (log.Results is { } results)
            text.Append("\nIt achieves the following results on the evaluation set:\n").AppendJoin('\n', results.Select(result => $"- {result.Name}: {TrainerLog.Text(result.Value)}"));
        text.Append('\n');
        foreach (var heading in new[] { "Model description", "Intended uses & limitations", "Training and evaluation data" })
            text.Append($"\n## {heading}\n\nMore information needed\n");
        text.Append("\n## Training procedure\n\n### Training hyperparameters\n\nThe following hyperparameters were used during training:\n");
        text.AppendJoin('\n', options.Hyperparameters.Select(parameter => $"- {parameter.Name}: {parameter.Value}")).Append('\n');
        if (log.Table is { } table)
        {
            text.Append("\n### Training results\n\n");
            AppendTable(text, table);
            text.Append('\n');
        }

        text.Append("\n### Framework versions\n\n");
        foreach (var (name, version) in options.FrameworkVersions)
            text.Append($"- {name} {version}\n");
        return text.ToString();
    }

    private static string Datasets(IReadOnlyList<string> names) => names switch
    {
        [] => "an unknown dataset.",
        [var name] => $"the {name} dataset.",
        _ => $"{string.Join(", ", names.SkipLast(1).Select(name => $"the {name}"))} and the {names[^1]} datasets.",
    };

    private static void AppendMetadata(StringBuilder text, TrainerCardOptions options, TrainerLog log)
    {
        var metrics = Metrics(log.Results ?? []);
        AppendList(text, "language", options.Languages);
        if (options.License is { } license)
            text.Append($"license: {Yaml.Scalar(license)}\n");
        AppendList(text, "tags", options.Tags.Contains(GeneratedTag) ? options.Tags : [.. options.Tags, GeneratedTag]);
        AppendList(text, "datasets", options.DatasetTags);
        AppendList(text, "metrics", [.. metrics.Select(metric => metric.Tag)]);
        text.Append($"model-index:\n- name: {Yaml.Scalar(options.ModelName)}\n");
        var tasks = options.Tasks.Where(s_taskNames.ContainsKey).ToList();
        var datasets = options.DatasetTags.Zip(options.Datasets).ToList();
        if (tasks.Count == 0 || datasets.Count == 0 || metrics.Count == 0)
        {
            text.Append("  results: []\n"); // 4.17 leaves out what is not whole
            return;
        }

        text.Append("  results:\n");
        foreach (var task in tasks)
        {
            for (var i = 0; i < datasets.Count; i++)
            {
                text.Append($"  - task:\n      name: {s_taskNames[task]}\n      type: {task}\n");
                text.Append($"    dataset:\n      name: {Yaml.Scalar(datasets[i].Second)}\n      type: {Yaml.Scalar(datasets[i].First)}\n");
                if (i < options.DatasetArguments.Count)
                    text.Append($"      args: {Yaml.Scalar(options.DatasetArguments[i])}\n");
                text.Append("    metrics:\n");
                foreach (var (tag, name, value) in metrics)
                    text.Append($"    - name: {Yaml.Scalar(name)}\n      type: {tag}\n      value: {Yaml.Number(value)}\n");
            }
        }
    }

    private static List<(string Tag, string Name, JsonNode? Value)> Metrics(IReadOnlyList<(string Name, JsonNode? Value)> results)
    {
        var metrics = new List<(string, string, JsonNode?)>();
        foreach (var (name, value) in results)
        {
            var tag = name.ToLowerInvariant().Replace(' ', '_');
            if (s_metricTags.Contains(tag))
                metrics.Add((tag, name, value));
            else if (tag == "rouge1")
                metrics.Add(("rouge", name, value));
        }

        return metrics;
    }

    private static void AppendList(StringBuilder text, string key, IReadOnlyList<string> values)
    {
        if (values.Count == 0)
            return;
        text.Append($"{key}:\n");
        foreach (var value in values)
            text.Append($"- {Yaml.Scalar(value)}\n");
    }

    private static void AppendTable(StringBuilder text, IReadOnlyList<IReadOnlyList<(string Column, string Cell)>> rows)
    {
        if (rows.Count == 0)
            return;
        var columns = rows[0].Select(cell => cell.Column).ToList();
        var widths = columns.Select((column, i) => Math.Max(column.Length, rows.Max(row => i < row.Count ? row[i].Cell.Length : 0))).ToList();
        Line(columns);
        text.AppendJoin("", widths.Select(width => $"|:{new string('-', width)}:")).Append("|\n");
        foreach (var row in rows)
            Line([.. row.Select(cell => cell.Cell)]);

        void Line(IReadOnlyList<string> cells) =>
            text.AppendJoin("", widths.Select((width, i) => $"| {(i < cells.Count ? cells[i] : "").PadRight(width)} ")).Append("|\n");
    }
}
