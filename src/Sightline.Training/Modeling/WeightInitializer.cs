using Sightline.Configuration;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

/// <summary>
/// Fresh weights: normal with <c>initializer_range</c>, biases 0, layer norms 1, GPT-2's block outputs (<c>c_proj</c>) divided by √(2 · n_layer) as its paper
/// asks (HF <c>_init_weights</c>). Class token and positions are drawn as well, as later Transformers do; 4.17 leaves them 0.
/// </summary>
internal static class WeightInitializer
{
    public static void Initialize(VisionEncoderDecoderModule module, VisionEncoderDecoderConfig config, long seed)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var generator = new Generator((ulong)seed);
        var norms = module.named_modules().Where(m => m.module is NormLayer).Select(m => m.name + ".weight").ToHashSet();
        foreach (var (name, parameter) in module.named_parameters())
        {
            if (norms.Contains(name))
                init.ones_(parameter);
            else if (name.EndsWith(".bias", StringComparison.Ordinal))
                init.zeros_(parameter);
            else
                parameter.normal_(0, Deviation(name, config), generator);
        }
    }

    private static double Deviation(string name, VisionEncoderDecoderConfig config)
    {
        if (!name.StartsWith("decoder.", StringComparison.Ordinal))
            return config.Encoder.InitializerRange;
        return name.EndsWith(".c_proj.weight", StringComparison.Ordinal)
            ? config.Decoder.InitializerRange / Math.Sqrt(2.0 * config.Decoder.NLayer)
            : config.Decoder.InitializerRange;
    }
}
