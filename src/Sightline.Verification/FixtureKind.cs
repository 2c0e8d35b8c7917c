using System.Text.Json;
using Sightline.Metrics;

namespace Sightline.Verification;

/// <summary>One kind of golden file: a folder of the fixtures' layout and how its files are judged.</summary>
public abstract class FixtureKind
{
    /// <summary>The folder's name.</summary>
    public abstract string Name { get; }

    /// <summary>The files to judge, below <paramref name="root"/>/<see cref="Name"/>.</summary>
    protected abstract IEnumerable<string> Files(string root);

    /// <summary>Judges one file; throws <see cref="SightlineException"/> where something cannot be computed.</summary>
    protected abstract FixtureResult Judge(string root, string file);

    /// <summary>Judges every file of this kind, one after the other.</summary>
    /// <param name="root">A folder with the layout of the fixtures.</param>
    public IEnumerable<FixtureResult> Run(string root)
    {
        if (!Directory.Exists(Path.Combine(root, Name)))
        {
            yield return new FixtureResult(Name, Name, FixtureOutcome.NotPresent, null, "", "folder not present");
            yield break;
        }

        var any = false;
        foreach (var file in Files(root))
        {
            any = true;
            yield return JudgeSafely(root, file);
        }

        if (!any)
            yield return new FixtureResult(Name, Name, FixtureOutcome.Fail, null, "", "the folder holds no file of this kind");
    }

    /// <summary>The path of a file as reports show it.</summary>
    protected static string Relative(string root, string file) => Path.GetRelativePath(root, file).Replace('\\', '/');

    private FixtureResult JudgeSafely(string root, string file)
    {
        try
        {
            return Judge(root, file);
        }
        catch (Exception e) when (e is SightlineException or MetricsException or JsonException or InvalidDataException or IOException or InvalidOperationException or ArgumentException or FormatException
                                      or KeyNotFoundException or NotSupportedException or IndexOutOfRangeException or NullReferenceException or InvalidCastException)
        {
            // A golden file that cannot be run is a failure of that file, not of the run.
            return new FixtureResult(Name, Relative(root, file), FixtureOutcome.Fail, null, "", $"{e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}");
        }
    }
}
