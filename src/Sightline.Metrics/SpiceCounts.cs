namespace Sightline.Metrics;

/// <summary>Matched and unmatched tuples.</summary>
/// <param name="TruePositives">Candidate tuples that a reference tuple matches.</param>
/// <param name="FalsePositives">Candidate tuples that none matches.</param>
/// <param name="FalseNegatives">Merged reference tuples less the true positives.</param>
/// <param name="WithoutReferences">The F-score where the references have no tuple of the kind: NaN for a category, 0 for all tuples together.</param>
public sealed record SpiceCounts(int TruePositives, int FalsePositives, int FalseNegatives, double WithoutReferences = double.NaN)
{
    /// <summary>The F-score, 0 to 1.</summary>
    public double F
    {
        get
        {
            if (TruePositives + FalseNegatives == 0)
                return WithoutReferences;
            if (TruePositives == 0)
                return 0;
            var precision = (double)TruePositives / (TruePositives + FalsePositives);
            var recall = (double)TruePositives / (TruePositives + FalseNegatives);
            return 2 * precision * recall / (precision + recall);
        }
    }
}
