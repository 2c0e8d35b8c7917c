namespace Sightline.Server.Captioning;

/// <summary>A token and the natural logarithm of its probability at one place.</summary>
internal readonly record struct TokenChance(int Id, float LogProbability);
