using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Sightline.ModelCards;

/// <summary>
/// A model card with the sections of the hub's template, every one filled from the run or saying that a fact is not known. It shows both losses side
/// by side, so that a small padded mean is not taken for quality.
/// </summary>
public static class HonestCard
{
    private const string Unknown = "Not known.";

    /// <summary>The text of the card (Markdown with YAML metadata).</summary>
    public static string Create(HonestCardFacts facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        var text = new StringBuilder();
        AppendMetadata(text, facts);
        text.Append($"\n# {facts.ModelName}\n\nDescribes a picture in one sentence.\n");
        AppendDetails(text, facts);
        AppendUses(text, facts);
        AppendTraining(text, facts);
        AppendEvaluation(text, facts);
        Section(text, "## Model Examination", facts.Examination);
        AppendEnvironment(text, facts);
        text.Append("\n## Citation\n\nNone yet.\n\n## Glossary\n\n- Loss per token: mean cross-entropy in nats over the captions' tokens, end token included.\n- Padded loss: the same sum divided by all positions of the padded batch. Longer padding makes it smaller without making the model better.\n\n## Model Card Contact\n\nWhoever gave you this checkpoint.\n");
        return text.ToString();
    }

    private static void AppendMetadata(StringBuilder text, HonestCardFacts facts)
    {
        text.Append("---\n");
        if (facts.Language is { } language)
            text.Append($"language: {Yaml.Scalar(language)}\n");
        if (facts.License is { } license)
            text.Append($"license: {Yaml.Scalar(license)}\n");
        text.Append("library_name: transformers\npipeline_tag: image-to-text\ntags:\n- image-captioning\n- sightline\n");
        if (facts.BaseModels.Count > 0)
            text.Append("base_model:\n").AppendJoin("", facts.BaseModels.Select(model => $"- {Yaml.Scalar(model)}\n"));
        if (facts.Datasets.Count > 0)
            text.Append("datasets:\n").AppendJoin("", facts.Datasets.Select(dataset => $"- {Yaml.Scalar(dataset)}\n"));
        text.Append($"model-index:\n- name: {Yaml.Scalar(facts.ModelName)}\n");
        if (facts.Scores.Count == 0)
        {
            text.Append("  results: []\n---\n");
            return;
        }

        text.Append($"  results:\n  - task:\n      type: image-to-text\n      name: Image captioning\n    dataset:\n      type: {Yaml.Scalar(facts.EvaluationDatasetName ?? facts.DatasetName)}\n      name: {Yaml.Scalar(facts.EvaluationDatasetName ?? facts.DatasetName)}\n    metrics:\n");
        foreach (var (name, value) in facts.Scores)
            text.Append($"    - type: {Yaml.Scalar(name.ToLowerInvariant())}\n      name: {Yaml.Scalar(name)}\n      value: {Yaml.Number(JsonValue.Create(value))}\n");
        text.Append("---\n");
    }

    private static void AppendDetails(StringBuilder text, HonestCardFacts facts) => text.Append($"""

        ## Model Details

        {facts.Architecture}

        - Language of the captions: {facts.Language ?? Unknown}
        - License: {facts.License ?? Unknown}
        - Started from: {(!facts.IsOriginKnown ? Unknown : facts.BaseModels.Count == 0 ? "nothing, it was trained from scratch" : string.Join(", ", facts.BaseModels))}

        """.ReplaceLineEndings("\n"));

    private static void AppendUses(StringBuilder text, HonestCardFacts facts)
    {
        text.Append($"""

            ## Uses

            ### Direct Use

            A first idea of what a picture shows, for people and programs that describe pictures to blind people, marked as made by a machine.

            ### Downstream Use

            A start for training on pictures like your own.

            ### Out-of-Scope Use

            Anything where a wrong sentence can hurt: medicines, traffic, food safety, money, identifying people. Alternative text that nobody reads over.

            ## Bias, Risks, and Limitations

            - The model always says something. On pictures unlike its training data it invents.
            - A score ranks captions of one picture; it is no probability that a caption is true.
            - It repeats the habits of its captions: what their writers named, and how.

            """.ReplaceLineEndings("\n"));
        foreach (var limit in facts.Limits)
            text.Append($"- {limit}\n");
        text.Append("\n## How to Get Started with the Model\n\n```csharp\nusing var captioner = Captioner.Load(\"path/to/this/folder\");\nConsole.WriteLine(captioner.Describe(\"photo.jpg\").Text);\n```\n");
    }

    private static void AppendTraining(StringBuilder text, HonestCardFacts facts)
    {
        text.Append("\n## Training Details\n");
        Section(text, "### Training Data", [facts.DatasetName + ".", .. facts.DataFacts]);
        Section(text, "### Preprocessing", facts.Preprocessing);
        Section(text, "### Training Hyperparameters", [.. facts.Hyperparameters.Select(pair => $"{pair.Name}: {pair.Value}")]);
        Section(text, "### Speeds, Sizes, Times",
        [
            facts.Duration is { } duration ? $"Training time: {duration.TotalMinutes.ToString("F1", CultureInfo.InvariantCulture)} minutes." : "Training time: not known.",
            facts.ImagesPerSecond is { } speed ? $"Pictures a second: {speed.ToString("F0", CultureInfo.InvariantCulture)}." : "Pictures a second: not known.",
        ]);
        if (facts.Command is { } command)
            text.Append($"\nTo repeat it:\n\n```sh\n{command}\n```\n");
    }

    private static void AppendEvaluation(StringBuilder text, HonestCardFacts facts)
    {
        text.Append("\n## Evaluation\n\n### Results\n\n");
        if (facts is { TokenLoss: { } token, PaddedLoss: { } padded })
        {
            text.Append("| loss | value |\n|---|---|\n");
            text.Append(CultureInfo.InvariantCulture, $"| per token (padding left out) | {token:F4} |\n| padded mean (as the Trainer of 4.17 reports) | {padded:F4} |\n| dilution (padded / per token) | {padded / token:F4} |\n");
        }
        else
        {
            text.Append("Losses: not measured.\n");
        }

        if (facts.Scores.Count == 0)
        {
            text.Append("\nCaption metrics: not measured.\n");
            return;
        }

        text.Append("\n| metric | value |\n|---|---|\n");
        foreach (var (name, value) in facts.Scores)
            text.Append(CultureInfo.InvariantCulture, $"| {name} | {value:F4} |\n");
    }

    private static void AppendEnvironment(StringBuilder text, HonestCardFacts facts)
    {
        text.Append($"\n## Environmental Impact\n\n- Hardware: {facts.Hardware ?? Unknown}\n- Hours: {(facts.Duration is { } d ? d.TotalHours.ToString("F2", CultureInfo.InvariantCulture) : Unknown)}\n- Energy and carbon: not measured.\n");
        text.Append("\n## Technical Specifications\n\n");
        if (facts.FrameworkVersions.Count == 0)
            text.Append(Unknown + "\n");
        foreach (var (name, version) in facts.FrameworkVersions)
            text.Append($"- {name} {version}\n");
    }

    private static void Section(StringBuilder text, string heading, IReadOnlyList<string> sentences)
    {
        text.Append($"\n{heading}\n\n");
        if (sentences.Count == 0)
            text.Append(Unknown + "\n");
        foreach (var sentence in sentences)
            text.Append($"- {sentence}\n");
    }
}
