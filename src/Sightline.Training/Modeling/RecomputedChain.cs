using static TorchSharp.torch;

namespace Sightline.Training.Modeling;

/// <summary>
/// Gradient checkpointing: the forward pass keeps only the input of each segment, and the backward pass computes the segment again, with the random numbers
/// that it drew the first time, so that the gradients are those of the ordinary pass. Memory falls from all activations to one segment's and the inputs.
/// </summary>
internal sealed class RecomputedChain
{
    private readonly record struct Segment(Func<Tensor, Tensor> Run, Tensor Input, Tensor Output, Tensor RandomState);

    private readonly List<Segment> _segments = [];

    /// <summary>Runs a segment without a graph; its output is a new leaf that the next segment reads.</summary>
    public Tensor Run(Func<Tensor, Tensor> segment, Tensor input)
    {
        var state = get_rng_state();
        Tensor output;
        using (no_grad())
            output = segment(input);
        output = output.detach().requires_grad_(true);
        _segments.Add(new Segment(segment, input, output, state));
        return output;
    }

    /// <summary>As <see cref="Run"/>, for an output that many later segments read: their gradients add up in it.</summary>
    public Tensor Share(Tensor input, Func<Tensor, Tensor> segment) => Run(segment, input);

    /// <summary>Runs the backward pass of the loss and then of every segment, last to first. Parameters receive their gradients as usual.</summary>
    public void Backward(Tensor loss)
    {
        loss.backward();
        var after = get_rng_state();
        for (var i = _segments.Count - 1; i >= 0; i--)
        {
            var segment = _segments[i];
            var gradient = segment.Output.grad;
            if (gradient is null)
                continue;
            set_rng_state(segment.RandomState);
            using var output = segment.Run(segment.Input);
            if (output.requires_grad)
                autograd.backward([output], [gradient]);
        }

        set_rng_state(after);
        _segments.Clear();
    }
}
