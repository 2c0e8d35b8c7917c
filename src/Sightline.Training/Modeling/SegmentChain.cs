using static TorchSharp.torch;

namespace Sightline.Training.Modeling;

/// <summary>
/// A model run segment by segment, each with a graph of its own, so that the backward pass can be followed: when a segment's is done, the gradients of its
/// parameters are whole. The gradients of a micro-batch are those of the ordinary pass, bit for bit; where they are added to those of earlier micro-batches, a
/// tied parameter's two parts are added one after the other and not their sum, which may round otherwise.
/// </summary>
internal abstract class SegmentChain
{
    /// <summary>Called in the backward pass with the beginnings of the names of parameters whose gradients are whole from then on.</summary>
    public Action<string[]>? SegmentDone { get; set; }

    /// <summary>Runs a segment; its output is a new leaf that the next segment reads. Where several read it, their gradients add up in it.</summary>
    /// <param name="parameters">Beginnings of the names of the parameters that no earlier segment reads.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="input">What it reads.</param>
    public abstract Tensor Run(string[] parameters, Func<Tensor, Tensor> segment, Tensor input);

    /// <summary>As in <see cref="Run"/>, for what lies between the last segment and the loss.</summary>
    public string[] LastParameters { get; set; } = [];

    /// <summary>Runs the backward pass of the loss and then of every segment, last to first.</summary>
    /// <param name="loss">Computed from the last segment's output.</param>
    public void Backward(Tensor loss)
    {
        loss.backward();
        SegmentDone?.Invoke(LastParameters);
        BackwardSegments();
    }

    protected abstract void BackwardSegments();
}
