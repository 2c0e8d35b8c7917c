using Sightline.IO;

namespace Sightline.Verification.Kinds;

/// <summary><c>warmstart/</c>: what becomes of an encoder folder and a decoder folder; copied weights bit for bit, new ones by their distribution.</summary>
public sealed class WarmStartFixtures : FixtureKind
{
    /// <inheritdoc/>
    public override string Name => "warmstart";

    /// <inheritdoc/>
    protected override IEnumerable<string> Files(string root) => [Path.Combine(root, Name, "expected.json")];

    /// <inheritdoc/>
    protected override FixtureResult Judge(string root, string file)
    {
        var comparison = new Comparison(Name, Relative(root, file));
        foreach (var combination in JsonFile.ReadObject(file)["combos"]!.AsArray())
            new WarmStartRun(Path.GetDirectoryName(file)!, combination!.AsObject(), comparison).Run();
        return comparison.Result();
    }
}
