namespace Sightline.Metrics;

/// <summary>What is scored and by which rules. The defaults are those of the VizWiz-Captions challenge, METEOR and SPICE aside.</summary>
public sealed record EvaluationOptions
{
    /// <summary>The rules of the COCO challenge: no reference is dropped, and METEOR comes before ROUGE-L.</summary>
    public static EvaluationOptions Coco { get; } = new() { IgnoreRejected = false, IgnorePrecanned = false, CocoOrder = true };

    /// <summary>Drop references flagged <c>is_rejected</c>. Default: true.</summary>
    public bool IgnoreRejected { get; init; } = true;

    /// <summary>Drop references flagged <c>is_precanned</c>. Default: true.</summary>
    public bool IgnorePrecanned { get; init; } = true;

    /// <summary>Print Bleu, METEOR, ROUGE_L, CIDEr, SPICE instead of the VizWiz scorer's Bleu, ROUGE_L, CIDEr, SPICE, METEOR. Default: false.</summary>
    public bool CocoOrder { get; init; }

    /// <summary>CIDEr-D's document frequencies; null, the default: counted in the references of the evaluated images.</summary>
    public DocumentFrequencies? DocumentFrequencies { get; init; }

    /// <summary>Compute METEOR with these resources; null, the default: no METEOR.</summary>
    public Meteor? Meteor { get; init; }

    /// <summary>Compute SPICE with these parses; null, the default: no SPICE.</summary>
    public SpiceParses? SpiceParses { get; init; }
}
