using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Sightline.Hub;

/// <summary>A model as the hub names it: <c>owner/name</c>, or <c>owner/name@revision</c>.</summary>
public sealed partial record HubModelName
{
    /// <summary>The revision where none is named.</summary>
    public const string DefaultRevision = "main";

    private HubModelName(string repository, string revision)
    {
        Repository = repository;
        Revision = revision;
    }

    /// <summary>Owner and name with a slash between them.</summary>
    public string Repository { get; }

    /// <summary>A branch, a tag or a commit; <c>main</c> where none is named.</summary>
    public string Revision { get; }

    /// <summary>The repository's folder in the cache: <c>models--owner--name</c>.</summary>
    internal string FolderName => "models--" + Repository.Replace("/", "--", StringComparison.Ordinal);

    /// <summary>Whether the revision is a full commit, which never changes.</summary>
    internal bool IsPinned => IsCommit(Revision);

    /// <summary>Reads a name. The hub's own rules count, so that a name can always be a folder and a part of an address.</summary>
    /// <param name="text"><c>owner/name</c> or <c>owner/name@revision</c>.</param>
    /// <param name="name">The name; null if the text is none.</param>
    /// <returns>Whether the text is a name.</returns>
    public static bool TryParse(string? text, [NotNullWhen(true)] out HubModelName? name)
    {
        name = null;
        if (string.IsNullOrEmpty(text))
            return false;
        var at = text.IndexOf('@', StringComparison.Ordinal);
        var (repository, revision) = at < 0 ? (text, DefaultRevision) : (text[..at], text[(at + 1)..]);
        if (!IsRepository(repository) || !IsRevision(revision))
            return false;
        name = new HubModelName(repository, revision);
        return true;
    }

    /// <summary>The name as it is given on a command line; the default revision is left out.</summary>
    public override string ToString() => Revision == DefaultRevision ? Repository : $"{Repository}@{Revision}";

    /// <summary>The same repository at another revision.</summary>
    internal HubModelName At(string revision) => new(Repository, revision);

    /// <summary>The repository of a cache folder; null for folders that are none (data sets, spaces, locks).</summary>
    internal static HubModelName? FromFolder(string folderName)
    {
        const string Prefix = "models--";
        if (!folderName.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        // A model of the hub's early days has no owner: models--gpt2.
        var repository = folderName[Prefix.Length..].Replace("--", "/", StringComparison.Ordinal);
        return IsRepository(repository) || Part().IsMatch(repository) ? new HubModelName(repository, DefaultRevision) : null;
    }

    /// <summary>40 hexadecimal digits.</summary>
    internal static bool IsCommit(string text) => Commit().IsMatch(text);

    private static bool IsRepository(string text) =>
        text.Length <= 96 && text.Split('/') is [var owner, var name] && Part().IsMatch(owner) && Part().IsMatch(name)
        && !text.Contains("--", StringComparison.Ordinal) && !text.Contains("..", StringComparison.Ordinal) && !text.EndsWith(".git", StringComparison.Ordinal);

    // What git allows of a reference, without the characters that are trouble in a path.
    private static bool IsRevision(string text) =>
        text.Length is > 0 and <= 255 && !text.Contains("..", StringComparison.Ordinal)
        && text.Split('/').All(part => RevisionPart().IsMatch(part) && !part.EndsWith(".lock", StringComparison.Ordinal));

    [GeneratedRegex(@"\A[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Part();

    [GeneratedRegex(@"\A[A-Za-z0-9_+=-][A-Za-z0-9_.+=-]*(?<!\.)\z", RegexOptions.CultureInvariant)]
    private static partial Regex RevisionPart();

    [GeneratedRegex(@"\A[0-9a-f]{40}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Commit();
}
