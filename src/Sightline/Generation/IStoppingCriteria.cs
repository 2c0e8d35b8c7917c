namespace Sightline.Generation;

/// <summary>
/// Ends a row early. It is asked after each new token. Greedy search and sampling end the row; beam search ends an image when its criteria
/// hold for every beam, and keeps what it has by then. (Transformers 4.17 ends the whole batch; per row is what later versions do.)
/// </summary>
public interface IStoppingCriteria
{
    /// <summary>Whether the row is complete; the new token is the last of <see cref="GenerationContext.InputIds"/>.</summary>
    bool ShouldStop(GenerationContext context);
}
