namespace Sightline.Metrics.Scoring;

/// <summary>Candidates and references of all images as n-grams; BLEU and CIDEr-D read the same one.</summary>
internal sealed class NgramCorpus
{
    /// <param name="candidates">One tokenized caption for each image.</param>
    /// <param name="references">The tokenized references of each image, one or more.</param>
    /// <exception cref="ArgumentException">The lists differ in length, are empty, or an image has no reference.</exception>
    public NgramCorpus(IReadOnlyList<string> candidates, IReadOnlyList<IReadOnlyList<string>> references)
    {
        Require(candidates, references);
        Candidates = new NgramCounts[candidates.Count];
        References = new NgramCounts[candidates.Count][];
        for (var i = 0; i < candidates.Count; i++)
        {
            Candidates[i] = Vocabulary.Read(candidates[i]);
            References[i] = new NgramCounts[references[i].Count];
            for (var r = 0; r < References[i].Length; r++)
                References[i][r] = Vocabulary.Read(references[i][r]);
        }
    }

    public NgramVocabulary Vocabulary { get; } = new();

    public NgramCounts[] Candidates { get; }

    public NgramCounts[][] References { get; }

    public static void Require(IReadOnlyList<string> candidates, IReadOnlyList<IReadOnlyList<string>> references)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        ArgumentNullException.ThrowIfNull(references);
        if (candidates.Count != references.Count)
            throw new ArgumentException($"{candidates.Count} candidates and references of {references.Count} images; one candidate for each image is needed.");
        if (candidates.Count == 0)
            throw new ArgumentException("No image; a score needs at least one.");
        for (var i = 0; i < references.Count; i++)
        {
            if (references[i].Count == 0)
                throw new ArgumentException($"Image {i} has no reference; each needs at least one.");
        }
    }
}
