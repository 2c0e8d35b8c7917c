using static TorchSharp.torch;

namespace Sightline.Training.Modeling;

/// <summary>
/// Gradient checkpointing: the forward pass keeps only the input of each segment, and the backward pass computes the segment again, with the random numbers
/// that it drew the first time, so that the gradients are those of the ordinary pass. Memory falls from all activations to one segment's and the inputs.
/// </summary>
internal sealed class RecomputedChain : SegmentChain
{
    private readonly record struct Segment(string[] Parameters, Func<Tensor, Tensor> Run, Tensor Input, Tensor Output, Tensor RandomState);

    private readonly List<Segment> _segments = [];

    public override Tensor Run(string[] parameters, Func<Tensor, Tensor> segment, Tensor input)
    {
        var state = get_rng_state();
        Tensor output;
        using (no_grad())
            output = segment(input);
        output = output.detach().requires_grad_(true);
        _segments.Add(new Segment(parameters, segment, input, output, state));
        return output;
    }

    protected override void BackwardSegments()
    {
        var after = get_rng_state();
        for (var i = _segments.Count - 1; i >= 0; i--)
        {
            var segment = _segments[i];
            if (segment.Output.grad is { } gradient)
            {
                set_rng_state(segment.RandomState);
                using var output = segment.Run(segment.Input);
                if (output.requires_grad)
                    autograd.backward([output], [gradient]);
            }

            SegmentDone?.Invoke(segment.Parameters);
        }

        set_rng_state(after);
        _segments.Clear();
    }
}
