using System.Runtime.InteropServices;
using Sightline.Checkpoints;
using Sightline.Configuration;
using static TorchSharp.torch;

namespace Sightline.Training.Modeling;

/// <summary>Copies weights between a checkpoint's tensors and the module, under Hugging Face's names and rules.</summary>
internal static class ModelWeights
{
    private const int NamesShown = 5;
    private const string TokenTable = "decoder.transformer.wte.weight";
    private const string Head = "decoder.lm_head.weight";

    /// <summary>Whether the forward pass never reads the parameter, so that it has no gradient: the encoder's pooler.</summary>
    public static bool IsUnused(string name) => name.StartsWith("encoder.pooler.", StringComparison.Ordinal);

    /// <summary>
    /// Fills every parameter. Of a tied model's two stored copies <c>lm_head</c> counts, as in HF. A missing pooler is left at zero; tensors that the model does not
    /// have (GPT-2's stored masks) are passed over.
    /// </summary>
    /// <exception cref="CheckpointException">Tensors are missing or have another shape: all of them in one line.</exception>
    public static void Load(VisionEncoderDecoderModule module, VisionEncoderDecoderConfig config, TensorSource source, string path)
    {
        var parameters = module.named_parameters().ToList();
        var faults = new List<string>();
        foreach (var (name, parameter) in parameters)
        {
            var stored = StoredName(name, config, source);
            if (!source.Tensors.TryGetValue(stored, out var info))
            {
                if (!IsUnused(name))
                    faults.Add($"'{name}' is missing");
            }
            else if (!info.Shape.SequenceEqual(parameter.shape))
            {
                faults.Add($"'{stored}' is {info.ShapeText}, config.json needs [{string.Join(", ", parameter.shape)}]");
            }
        }

        if (faults.Count > 0)
        {
            var more = faults.Count > NamesShown ? $"; and {faults.Count - NamesShown} more" : "";
            throw new CheckpointException(
                $"{path}: {faults.Count} of {parameters.Count} tensors do not fit the model: {string.Join("; ", faults.Take(NamesShown))}{more}. Is this a checkpoint of the same architecture?");
        }

        foreach (var (name, parameter) in parameters)
        {
            var stored = StoredName(name, config, source);
            Write(parameter, source.Tensors.ContainsKey(stored) ? source.ReadSingles(stored) : new float[parameter.numel()]);
        }
    }

    /// <summary>The values of a tensor of any float type and device, row-major.</summary>
    public static float[] Read(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
    }

    /// <summary>Overwrites a tensor of any float type and device.</summary>
    public static void Write(Tensor tensor, ReadOnlySpan<float> values)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var source = empty(tensor.shape, ScalarType.Float32);
        MemoryMarshal.AsBytes(values).CopyTo(source.bytes);
        tensor.copy_(source);
    }

    private static string StoredName(string name, VisionEncoderDecoderConfig config, TensorSource source) =>
        name == TokenTable && config.Decoder.TieWordEmbeddings && source.Tensors.ContainsKey(Head) ? Head : name;
}
