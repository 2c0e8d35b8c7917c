namespace Sightline.Generation;

/// <summary>Forbidding and forcing tokens in a row of scores. Ids outside the vocabulary are ignored.</summary>
internal static class TokenMask
{
    public static void Forbid(Span<float> scores, IReadOnlyList<int> tokenIds)
    {
        for (var i = 0; i < tokenIds.Count; i++)
        {
            if ((uint)tokenIds[i] < (uint)scores.Length)
                scores[tokenIds[i]] = float.NegativeInfinity;
        }
    }

    public static void ForbidBelow(Span<float> scores, float limit)
    {
        foreach (ref var score in scores)
        {
            if (score < limit)
                score = float.NegativeInfinity;
        }
    }

    public static void Force(Span<float> scores, int tokenId)
    {
        scores.Fill(float.NegativeInfinity);
        scores[tokenId] = 0;
    }
}
