using System.Text.Json.Nodes;
using Sightline.IO;
using Sightline.ModelCards;
using Xunit;

namespace Sightline.Tests.ModelCards;

public sealed class TrainerCardTests
{
    // As in the manifest: these were set in the configuration of the model, not in the card's arguments.
    private static readonly Dictionary<string, string?> s_origins = new()
    {
        ["project.md"] = "",
        ["scratch-no-eval.md"] = null,
        ["many-hparams.md"] = "google/vit-base-patch16-224",
        ["warmup-ratio-metrics.md"] = "nlpconnect/vit-gpt2",
        ["first-eval-before-log.md"] = "",
    };

    public static TheoryData<string> Cards() =>
        [.. Manifest().Select(entry => entry!["card"]!.GetValue<string>())];

    [Theory]
    [MemberData(nameof(Cards))]
    public void Create_Log_EqualsTheReferenceByteForByte(string card)
    {
        var entry = Manifest().Single(item => item!["card"]!.GetValue<string>() == card)!;
        var arguments = entry["card_arguments"]!.AsObject();
        var history = JsonFile.Parse("log", File.ReadAllBytes(Fixture.Path("modelcard", entry["log_history"]!.GetValue<string>())))!.AsArray();
        var options = new TrainerCardOptions
        {
            ModelName = "ViTGPT2_vizwiz",
            Languages = Texts(arguments["language"]),
            License = arguments["license"]?.GetValue<string>(),
            Tags = Texts(arguments["tags"]),
            FinetunedFrom = s_origins[card],
            Datasets = Texts(arguments["dataset"]),
            DatasetTags = Texts(arguments["dataset_tags"]),
            DatasetArguments = Texts(arguments["dataset_args"]),
            Tasks = Texts(arguments["tasks"]),
            Hyperparameters = [.. entry["hyperparameters"]!.AsObject().Select(pair => (pair.Key, PythonText(pair.Value!)))],
            FrameworkVersions = [("Transformers", "4.17.0.dev0"), ("Pytorch", "1.10.2+cu102"), ("Datasets", "1.18.2.dev0"), ("Tokenizers", "0.11.0")],
        };

        var text = TrainerCard.Create(options, [.. history.Select(row => row!.AsObject())]);
        Assert.Equal(File.ReadAllText(Fixture.Path("modelcard", card)), text);
    }

    [Theory]
    [InlineData("vizwiz", "vizwiz")]
    [InlineData("a b", "a b")]
    [InlineData("true", "'true'")]
    [InlineData("1.5", "'1.5'")]
    [InlineData("it's: so", "'it''s: so'")]
    [InlineData("- x", "'- x'")]
    [InlineData("", "''")]
    [InlineData("#1", "'#1'")]
    [InlineData("a\nb", "\"a\\nb\"")]
    public void Scalar_Text_IsQuotedWhereYamlNeedsIt(string text, string expected) => Assert.Equal(expected, Yaml.Scalar(text));

    [Theory]
    [InlineData("0.072", "0.072")]
    [InlineData("0.08396", "0.0840")]
    [InlineData("3.0", "3.0")]
    [InlineData("1e-05", "1e-05")]
    [InlineData("1.5e-05", "0.0000")]
    [InlineData("10", "10")]
    [InlineData("0.03125", "0.0312")]
    public void Text_Number_IsRoundedAsTheReferenceDoes(string json, string expected) =>
        Assert.Equal(expected, TrainerLog.Text(JsonFile.Parse("number", System.Text.Encoding.UTF8.GetBytes(json))));

    private static JsonArray Manifest() => JsonFile.ReadObject(Fixture.Path("modelcard", "manifest.json"))["cases"]!.AsArray();

    private static string[] Texts(JsonNode? node) => node switch
    {
        null => [],
        JsonArray array => [.. array.Select(item => item!.GetValue<string>())],
        _ => [node.GetValue<string>()],
    };

    private static string PythonText(JsonNode node) =>
        node.GetValueKind() == System.Text.Json.JsonValueKind.String ? node.GetValue<string>() : PythonJson.Serialize(node, indent: -1);
}
