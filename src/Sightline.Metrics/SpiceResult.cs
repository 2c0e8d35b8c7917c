namespace Sightline.Metrics;

/// <summary>SPICE of a set of captions.</summary>
/// <param name="Metric">Corpus and image values over all tuples; the corpus value is the mean of the images'.</param>
/// <param name="Images">The counts of each image by category.</param>
public sealed record SpiceResult(MetricResult Metric, IReadOnlyList<IReadOnlyDictionary<SpiceCategory, SpiceCounts>> Images);

/// <summary>The kinds of tuples that SPICE also scores on their own.</summary>
public enum SpiceCategory
{
    /// <summary>All tuples: SPICE itself.</summary>
    All,

    /// <summary>Objects.</summary>
#pragma warning disable CA1720 // SPICE's own name of the category
    Object,
#pragma warning restore CA1720

    /// <summary>Attributes of an object.</summary>
    Attribute,

    /// <summary>Relations between two objects.</summary>
    Relation,

    /// <summary>Attributes that are a number word.</summary>
    Cardinality,

    /// <summary>Attributes that are a colour.</summary>
    Color,

    /// <summary>Attributes that are a size.</summary>
    Size,
}

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
