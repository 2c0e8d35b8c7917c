using System.Text.Json.Nodes;
using Sightline.Checkpoints;
using Sightline.IO;

namespace Sightline.Verification.Kinds;

/// <summary><c>images/</c>: decoding, orientation, Pillow's resize, pixel tables and damaged files; a verdict per picture.</summary>
public sealed class ImageFixtures : FixtureKind
{
    private const string TablesFile = "pixel_tables.safetensors";

    /// <inheritdoc/>
    public override string Name => "images";

    /// <inheritdoc/>
    protected override IEnumerable<string> Files(string root)
    {
        var folder = Path.Combine(root, Name);
        var expected = Expected(root);
        return expected["files"]!.AsObject().Select(pair => pair.Key)
            .Concat(expected["errors"]?.AsObject().Select(pair => pair.Key) ?? [])
            .Order(StringComparer.Ordinal)
            .Append(TablesFile)
            .Concat(expected["pipelines"]?.AsObject().Select(pair => $"pipelines/{pair.Key}") ?? [])
            .Select(name => Path.Combine(folder, name));
    }

    /// <inheritdoc/>
    protected override FixtureResult Judge(string root, string file)
    {
        var expected = Expected(root);
        var folder = Path.Combine(root, Name);
        var name = Relative(folder, file);
        var comparison = new Comparison(Name, Relative(root, file));
        using var golden = SafetensorsFile.Open(Path.Combine(folder, "expected.safetensors"));
        var run = new ImageRun(folder, golden, comparison);
        if (name == TablesFile)
            run.CompareTables();
        else if (name.StartsWith("pipelines/", StringComparison.Ordinal))
            run.ComparePipeline(name["pipelines/".Length..], expected["pipelines"]![name["pipelines/".Length..]]!);
        else if (expected["errors"]?[name] is { } error)
            run.CompareError(name, error);
        else
            run.ComparePicture(name, expected["files"]![name]!);
        return comparison.Result();
    }

    private JsonObject Expected(string root) => JsonFile.ReadObject(Path.Combine(root, Name, "expected.json"));
}
