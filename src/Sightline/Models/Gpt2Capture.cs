namespace Sightline.Models;

/// <summary>What one decoder pass keeps for <see cref="DecoderOutput"/>.</summary>
internal sealed class Gpt2Capture(OutputOptions keep)
{
    public OutputOptions Keep => keep;

    public List<float[]> HiddenStates { get; } = [];

    public List<float[]> Attentions { get; } = [];

    public List<float[]> CrossAttentions { get; } = [];
}
