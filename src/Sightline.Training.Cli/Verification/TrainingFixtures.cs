using Sightline.IO;
using Sightline.Verification;

namespace Sightline.Training.Cli.Verification;

/// <summary><c>training/</c>: trajectories of the real 4.17 Trainer, a run resumed from its checkpoint, and the order of the examples.</summary>
internal sealed class TrainingFixtures : FixtureKind
{
    private const string OrderFile = "sample_order.json";

    /// <summary>The case that <c>hf_output/checkpoint-25</c> is of (manifest.json).</summary>
    private const string ResumedCase = "adam-warmup0-pad";

    public override string Name => "training";

    protected override IEnumerable<string> Files(string root)
    {
        var folder = Path.Combine(root, Name);
        foreach (var (name, _) in JsonFile.ReadObject(Path.Combine(folder, "manifest.json"))["cases"]!.AsObject())
            yield return Path.Combine(folder, name + ".json");
        var checkpoint = Path.Combine(folder, "hf_output", "checkpoint-25");
        if (Directory.Exists(checkpoint))
            yield return checkpoint;
        if (File.Exists(Path.Combine(folder, OrderFile)))
            yield return Path.Combine(folder, OrderFile);
    }

    protected override FixtureResult Judge(string root, string file)
    {
        var comparison = new Comparison(Name, Relative(root, file));
        if (Path.GetFileName(file) == OrderFile)
            SampleOrders.Compare(JsonFile.ReadObject(file), comparison);
        else if (Directory.Exists(file))
            new Trajectory(Path.Combine(root, Name), ResumedCase, comparison).Run(resumeFrom: file);
        else
            new Trajectory(Path.Combine(root, Name), Path.GetFileNameWithoutExtension(file), comparison).Run(resumeFrom: null);
        return comparison.Result();
    }
}
