namespace Sightline.Training;

/// <summary>Which label positions the training loss counts.</summary>
public enum LossKind
{
    /// <summary>Real tokens only; padding is ignored. The loss of a caption model proper.</summary>
    Masked,

    /// <summary>
    /// Every position, padding included, as the model card's run counted: pads are easy, so the mean is diluted by about tokens / positions (0.0719 with labels
    /// of 512).
    /// </summary>
    Pad,
}
