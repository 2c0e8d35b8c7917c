using System.Text.Json;
using System.Text.Json.Nodes;
using Sightline.IO;
using Sightline.ModelCards;
using Sightline.Verification;

namespace Sightline.Training.Cli.Verification;

/// <summary><c>modelcard/</c>: cards of Transformers 4.17 from log histories, byte for byte.</summary>
internal sealed class ModelCardFixtures : FixtureKind
{
    private const string Manifest = "manifest.json";

    // Set in the model's configuration when the cards were made; the manifest holds only the arguments of the card.
    private static readonly Dictionary<string, string?> s_origins = new()
    {
        ["scratch-no-eval.md"] = null,
        ["many-hparams.md"] = "google/vit-base-patch16-224",
        ["warmup-ratio-metrics.md"] = "nlpconnect/vit-gpt2",
    };

    public override string Name => "modelcard";

    protected override IEnumerable<string> Files(string root) =>
        Cases(Path.Combine(root, Name)).Select(entry => Path.Combine(root, Name, entry["card"]!.GetValue<string>()));

    protected override FixtureResult Judge(string root, string file)
    {
        var folder = Path.GetDirectoryName(file)!;
        var card = Path.GetFileName(file);
        var entry = Cases(folder).Single(item => item["card"]!.GetValue<string>() == card);
        var arguments = entry["card_arguments"]!.AsObject();
        var log = Path.Combine(folder, entry["log_history"]!.GetValue<string>());
        var history = JsonFile.Parse(log, BoundedFile.ReadAllBytes(log, JsonFile.DefaultMaxBytes))!.AsArray();
        var text = TrainerCard.Create(
            new TrainerCardOptions
            {
                ModelName = "ViTGPT2_vizwiz",
                Languages = Texts(arguments["language"]),
                License = arguments["license"]?.GetValue<string>(),
                Tags = Texts(arguments["tags"]),
                FinetunedFrom = s_origins.GetValueOrDefault(card, ""),
                Datasets = Texts(arguments["dataset"]),
                DatasetTags = Texts(arguments["dataset_tags"]),
                DatasetArguments = Texts(arguments["dataset_args"]),
                Tasks = Texts(arguments["tasks"]),
                Hyperparameters = [.. entry["hyperparameters"]!.AsObject().Select(pair => (pair.Key, PythonText(pair.Value!)))],
                FrameworkVersions = [("Transformers", "4.17.0.dev0"), ("Pytorch", "1.10.2+cu102"), ("Datasets", "1.18.2.dev0"), ("Tokenizers", "0.11.0")],
            },
            [.. history.Select(row => row!.AsObject())]);
        var comparison = new Comparison(Name, Relative(root, file));
        comparison.Equal<byte>("byte", BoundedFile.ReadAllBytes(file, JsonFile.DefaultMaxBytes), System.Text.Encoding.UTF8.GetBytes(text));
        return comparison.Result();
    }

    private static List<JsonNode> Cases(string folder) => [.. JsonFile.ReadObject(Path.Combine(folder, Manifest))["cases"]!.AsArray().Select(entry => entry!)];

    private static string[] Texts(JsonNode? node) => node switch
    {
        null => [],
        JsonArray array => [.. array.Select(item => item!.GetValue<string>())],
        _ => [node.GetValue<string>()],
    };

    private static string PythonText(JsonNode node) => node.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : PythonJson.Serialize(node, indent: -1);
}
