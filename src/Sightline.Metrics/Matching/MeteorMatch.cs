namespace Sightline.Metrics.Matching;

/// <summary>A span of the reference that matches a span of the candidate; the stages are 0 exact, 1 stem, 2 synonym, 3 paraphrase.</summary>
internal sealed record MeteorMatch(int Stage, int ReferenceStart, int ReferenceLength, int TestStart, int TestLength);
