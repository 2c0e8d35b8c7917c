namespace Sightline.Generation;

/// <summary>When beam search is done with an image (HF <c>early_stopping</c>).</summary>
public enum EarlyStopping
{
    /// <summary><c>false</c>, the default: when the best running beam, scored at its present length, cannot beat the worst kept hypothesis.</summary>
    False,

    /// <summary><c>true</c>: as soon as <c>num_beams</c> hypotheses exist.</summary>
    True,

    /// <summary><c>"never"</c>, 4.31 only: when no continuation up to the maximum length can beat the worst kept hypothesis.</summary>
    Never,
}
