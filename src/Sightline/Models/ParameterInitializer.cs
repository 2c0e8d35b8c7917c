using Sightline.Configuration;
using Sightline.Generation;

namespace Sightline.Models;

/// <summary>
/// First values of parameters that no checkpoint gives, distributed as Hugging Face's <c>_init_weights</c> does. The numbers come from a
/// portable generator of ours, a stream per parameter, not from torch's.
/// </summary>
internal sealed class ParameterInitializer(VisionEncoderDecoderConfig config, long seed, Compatibility compatibility)
{
    /// <summary>Values of a parameter.</summary>
    /// <param name="parameter">Name and shape.</param>
    /// <param name="fromScratch">Whether the whole model starts fresh: GPT-2 then scales every <c>c_proj</c> down, which a 4.17 warm start does not.</param>
    public float[] Create(ParameterInfo parameter, bool fromScratch)
    {
        var (name, values) = (parameter.Name, new float[parameter.ElementCount]);
        var isEncoder = name.StartsWith("encoder.", StringComparison.Ordinal);
        var range = isEncoder ? config.Encoder.InitializerRange : config.Decoder.InitializerRange;
        var random = new PortableRandom(seed, StableHash(name));
        if (IsNorm(name))
            values.AsSpan().Fill(name.EndsWith("weight", StringComparison.Ordinal) ? 1 : 0);
        else if (name.StartsWith("enc_to_dec_proj.", StringComparison.Ordinal))
            Uniform(values, 1 / Math.Sqrt(config.Encoder.HiddenSize), random); // torch's Linear default, weight and bias
        else if (IsToken(name))
            TokenEmbeddings(values, range, random);
        else if (name.EndsWith("c_proj.weight", StringComparison.Ordinal) && (fromScratch || compatibility == Compatibility.Transformers431))
            Normal(values, range / Math.Sqrt(2 * config.Decoder.NLayer), random);
        else if (!name.EndsWith("bias", StringComparison.Ordinal))
            Normal(values, range, random);
        return values;
    }

    /// <summary>Rows for tokens that were added: normal with the decoder's <c>initializer_range</c>.</summary>
    public void FillRows(Span<float> rows) => Normal(rows, config.Decoder.InitializerRange, new PortableRandom(seed, StableHash("added rows")));

    private static bool IsNorm(string name) =>
        name.Contains("layernorm", StringComparison.Ordinal) || name.Contains(".ln_", StringComparison.Ordinal);

    private static bool IsToken(string name) => name is "encoder.embeddings.cls_token" or "encoder.embeddings.distillation_token" or "encoder.embeddings.position_embeddings";

    // 4.17 leaves the class token and the positions of a fresh ViT at zero; later versions draw them.
    private void TokenEmbeddings(float[] values, double range, PortableRandom random)
    {
        if (compatibility == Compatibility.Transformers431)
            Normal(values, range, random, limit: 2 / range);
    }

    private static void Normal(Span<float> values, double deviation, PortableRandom random, double limit = double.PositiveInfinity)
    {
        for (var i = 0; i < values.Length; i++)
        {
            double z;
            do
                z = Math.Sqrt(-2 * Math.Log(random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()); // Box and Muller 1958
            while (Math.Abs(z) > limit);
            values[i] = (float)(z * deviation);
        }
    }

    private static void Uniform(Span<float> values, double bound, PortableRandom random)
    {
        for (var i = 0; i < values.Length; i++)
            values[i] = (float)(((2 * random.NextDouble()) - 1) * bound);
    }

    // FNV-1a: string.GetHashCode differs from run to run.
    private static int StableHash(string text)
    {
        var hash = 2166136261u;
        foreach (var c in text)
            hash = (hash ^ c) * 16777619u;
        return (int)hash;
    }
}
