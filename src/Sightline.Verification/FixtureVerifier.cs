namespace Sightline.Verification;

/// <summary>Runs the golden files of a folder that has the fixtures' layout.</summary>
/// <param name="kinds">The kinds to run.</param>
public sealed class FixtureVerifier(IReadOnlyList<FixtureKind> kinds)
{
    // Folders that are data for others, not golden files themselves.
    private static readonly HashSet<string> s_data = ["checkpoints", "tokenizer"];

    /// <summary>Judges every file; folders that no kind knows are listed as skipped.</summary>
    /// <param name="root">The folder.</param>
    /// <exception cref="ConfigurationException">There is no such folder.</exception>
    public IEnumerable<FixtureResult> Run(string root)
    {
        if (!Directory.Exists(root))
            throw new ConfigurationException($"{root}: no such folder; a folder with the layout of tests/Fixtures was expected.");
        return kinds.SelectMany(kind => kind.Run(root)).Concat(Unknown(root));
    }

    private IEnumerable<FixtureResult> Unknown(string root) => Directory.EnumerateDirectories(root)
        .Select(folder => Path.GetFileName(folder))
        .Where(name => !s_data.Contains(name) && kinds.All(kind => kind.Name != name))
        .Order(StringComparer.Ordinal)
        .Select(name => new FixtureResult(name, name, FixtureOutcome.Skipped, null, "", "this program does not run this kind"));
}
