namespace Sightline.Hub;

/// <summary>A state of a model in the cache.</summary>
/// <param name="Commit">Its commit, 40 hexadecimal digits.</param>
/// <param name="References">The branches and tags that stand for it, as far as the cache knows.</param>
/// <param name="Files">The names of its files.</param>
/// <param name="Bytes">The bytes of its files; those that two revisions share count in both.</param>
public sealed record CachedRevision(string Commit, IReadOnlyList<string> References, IReadOnlyList<string> Files, long Bytes);
