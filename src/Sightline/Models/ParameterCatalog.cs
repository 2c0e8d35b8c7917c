using Sightline.Configuration;
using Sightline.Kernels;

namespace Sightline.Models;

/// <summary>Every parameter of a configuration, found by letting the model ask for its weights.</summary>
public static class ParameterCatalog
{
    /// <summary>
    /// Names and shapes in the order of the model. A tied <c>lm_head</c> is not listed: <c>decoder.transformer.wte.weight</c> stands for both.
    /// </summary>
    public static IReadOnlyList<ParameterInfo> List(VisionEncoderDecoderConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var recorder = new Recorder(!config.Decoder.TieWordEmbeddings);
        VisionEncoderDecoderModel.Bind(config, recorder, new ReferenceKernels());
        return recorder.Parameters;
    }

    private sealed class Recorder(bool hasHead) : WeightBinder
    {
        public List<ParameterInfo> Parameters { get; } = [];

        public override bool Has(string name) => hasHead || !name.EndsWith("lm_head.weight", StringComparison.Ordinal);

        public override float[]? Take(string name, params ReadOnlySpan<int> shape)
        {
            Parameters.Add(new ParameterInfo(name, shape.ToArray(), name.StartsWith("encoder.pooler.", StringComparison.Ordinal)));
            return [];
        }

        public override LinearLayer? Linear(KernelSet kernels, LinearRole role, string weightName, string? biasName, WeightLayout layout, int inFeatures, int outFeatures, params ReadOnlySpan<int> shape)
        {
            Take(weightName, !shape.IsEmpty ? shape : layout == WeightLayout.OutIn ? [outFeatures, inFeatures] : [inFeatures, outFeatures]);
            if (biasName is not null)
                Take(biasName, outFeatures);
            return new ReferenceLinear([], null, inFeatures, outFeatures);
        }

        public override LinearLayer? Stacked(KernelSet kernels, LinearRole role, string prefix, ReadOnlySpan<string> names, bool hasBias, int inFeatures, int outFeatures)
        {
            foreach (var name in names)
                Linear(kernels, role, $"{prefix}{name}.weight", hasBias ? $"{prefix}{name}.bias" : null, WeightLayout.OutIn, inFeatures, outFeatures);
            return new ReferenceLinear([], null, inFeatures, names.Length * outFeatures);
        }
    }
}
