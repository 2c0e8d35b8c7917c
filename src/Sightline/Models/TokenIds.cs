namespace Sightline.Models;

/// <summary>Checks ids before they index the embeddings.</summary>
internal static class TokenIds
{
    public static void Check(ReadOnlySpan<int> ids, int vocabularySize)
    {
        foreach (var id in ids)
        {
            if ((uint)id >= (uint)vocabularySize)
                throw new SightlineException($"token id {id} is outside the decoder's vocabulary of {vocabularySize} (vocab_size).");
        }
    }
}
