namespace Sightline.Training;

/// <summary>Sums over label positions, to be added up over batches.</summary>
/// <param name="PadSum">Sum over every position.</param>
/// <param name="Positions">Positions.</param>
/// <param name="MaskedSum">Sum over real tokens.</param>
/// <param name="Tokens">Real tokens.</param>
internal readonly record struct LossSums(double PadSum, long Positions, double MaskedSum, long Tokens)
{
    public LossPair Means => new(PadSum / Positions, MaskedSum / Tokens);

    public static LossSums operator +(LossSums a, LossSums b) =>
        new(a.PadSum + b.PadSum, a.Positions + b.Positions, a.MaskedSum + b.MaskedSum, a.Tokens + b.Tokens);
}
