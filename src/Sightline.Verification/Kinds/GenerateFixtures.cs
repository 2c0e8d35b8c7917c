using Sightline.Checkpoints;
using Sightline.IO;

namespace Sightline.Verification.Kinds;

/// <summary><c>generate/</c>: token sequences, texts and scores of <c>generate()</c> in both versions, and the scores after each processor.</summary>
public sealed class GenerateFixtures : FixtureKind
{
    private const string ProcessorsFile = "processors.json";

    /// <inheritdoc/>
    public override string Name => "generate";

    /// <inheritdoc/>
    protected override IEnumerable<string> Files(string root) =>
        Directory.EnumerateFiles(Path.Combine(root, Name), "*.json").Order(StringComparer.Ordinal);

    /// <inheritdoc/>
    protected override FixtureResult Judge(string root, string file)
    {
        var json = JsonFile.ReadObject(file);
        var comparison = new Comparison(Name, Relative(root, file));
        if (Path.GetFileName(file) == ProcessorsFile)
        {
            using var tensors = SafetensorsFile.Open(Path.ChangeExtension(file, ".safetensors"));
            new ProcessorRun(json, tensors, comparison).Run();
            return comparison.Result();
        }

        var directory = Path.GetDirectoryName(file)!;
        using var golden = SafetensorsFile.Open(Path.Combine(directory, json["pixel_values"]!.GetValue<string>()));
        var run = new GenerateRun(root, Path.GetFullPath(Path.Combine(directory, json["checkpoint"]!.GetValue<string>())), json, golden, comparison);
        run.CompareImages();
        run.CompareCases();
        return comparison.Result();
    }
}
