namespace Sightline.Training.Optimization;

/// <summary>The optimizers, by HF's names for <c>optim</c>.</summary>
public enum OptimizerKind
{
    /// <summary>
    /// <c>adamw_hf</c>: AdamW of Transformers 4.17, which the model card's run used. Epsilon is added to √v before the bias correction; decay follows the update.
    /// </summary>
    AdamWHf,

    /// <summary><c>adamw_torch</c>: torch.optim.AdamW. Epsilon is added to the bias-corrected √v; decay comes before the update.</summary>
    AdamWTorch,

    /// <summary><c>adam_torch</c>: torch.optim.Adam. As <see cref="AdamWTorch"/>, but the decay is added to the gradient (L2).</summary>
    AdamTorch,
}
