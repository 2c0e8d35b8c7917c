namespace Sightline.Tokenization;

/// <summary>Texts as token ids.</summary>
/// <param name="InputIds">[batch][tokens]; rows have one length if padding was asked for.</param>
/// <param name="AttentionMask">[batch][tokens]; 1 for a token of the text, 0 for padding.</param>
public sealed record EncodedBatch(int[][] InputIds, int[][] AttentionMask);
