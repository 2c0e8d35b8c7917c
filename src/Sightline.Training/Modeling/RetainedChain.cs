using static TorchSharp.torch;

namespace Sightline.Training.Modeling;

/// <summary>Keeps all activations, as the ordinary pass does.</summary>
internal sealed class RetainedChain : SegmentChain
{
    private readonly record struct Segment(string[] Parameters, Tensor Output, Tensor Leaf);

    private readonly List<Segment> _segments = [];

    public override Tensor Run(string[] parameters, Func<Tensor, Tensor> segment, Tensor input)
    {
        var output = segment(input);
        var leaf = output.detach().requires_grad_(output.requires_grad); // a frozen encoder has no backward pass
        _segments.Add(new Segment(parameters, output, leaf));
        return leaf;
    }

    protected override void BackwardSegments()
    {
        for (var i = _segments.Count - 1; i >= 0; i--)
        {
            var (parameters, output, leaf) = _segments[i];
            if (leaf.requires_grad && leaf.grad is { } gradient)
                autograd.backward([output], [gradient]);
            output.Dispose();
            SegmentDone?.Invoke(parameters);
        }

        _segments.Clear();
    }
}
