using Sightline.Checkpoints;
using Sightline.Configuration;

namespace Sightline.Models;

/// <summary>The tensors of a checkpoint beside the parameters that its configuration asks for. Nothing is read but names and shapes.</summary>
public sealed class TensorMatch
{
    internal const string EmbeddingName = "decoder.transformer.wte.weight";
    internal const string HeadName = "decoder.lm_head.weight";

    private TensorMatch(List<(ParameterInfo, TensorInfo)> found, List<ParameterInfo> missing, List<(ParameterInfo, TensorInfo)> misshapen, List<TensorInfo> surplus, List<TensorInfo> buffers)
    {
        Found = found;
        Missing = missing;
        Misshapen = misshapen;
        Surplus = surplus;
        Buffers = buffers;
    }

    /// <summary>
    /// Parameters and the tensors that give them their values, in the order of the model. Where embeddings and <c>lm_head</c> are tied and both stored,
    /// <c>lm_head</c> gives the values; where an untied <c>lm_head</c> is not stored, the embeddings do.
    /// </summary>
    public IReadOnlyList<(ParameterInfo Parameter, TensorInfo Tensor)> Found { get; }

    /// <summary>Parameters without a tensor.</summary>
    public IReadOnlyList<ParameterInfo> Missing { get; }

    /// <summary>Parameters whose tensor has another shape.</summary>
    public IReadOnlyList<(ParameterInfo Parameter, TensorInfo Tensor)> Misshapen { get; }

    /// <summary>Tensors that the model does not use.</summary>
    public IReadOnlyList<TensorInfo> Surplus { get; }

    /// <summary>Causal masks and position ids that older versions stored: no learned values, and not used.</summary>
    public IReadOnlyList<TensorInfo> Buffers { get; }

    /// <summary>Whether every parameter has its values.</summary>
    public bool IsComplete => Missing.Count == 0 && Misshapen.Count == 0;

    /// <summary>Compares a checkpoint with a configuration.</summary>
    /// <param name="config">What is asked for.</param>
    /// <param name="source">What is there.</param>
    public static TensorMatch Create(VisionEncoderDecoderConfig config, TensorSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        var stored = new Dictionary<string, TensorInfo>();
        foreach (var tensor in source.Tensors.Values)
            stored.TryAdd(WeightNames.Normalize(tensor.Name), tensor);
        var (found, missing, misshapen) = (new List<(ParameterInfo, TensorInfo)>(), new List<ParameterInfo>(), new List<(ParameterInfo, TensorInfo)>());
        var used = new HashSet<string>();
        foreach (var parameter in ParameterCatalog.List(config))
        {
            var name = Source(parameter.Name, config, stored);
            used.Add(parameter.Name);
            used.Add(name);
            if (!stored.TryGetValue(name, out var tensor))
            {
                if (!parameter.IsOptional)
                    missing.Add(parameter);
            }
            else
            {
                var fits = tensor.Shape.SequenceEqual(parameter.Shape.Select(size => (long)size));
                (fits ? found : misshapen).Add((parameter, tensor));
            }
        }

        var rest = stored.Where(pair => !used.Contains(pair.Key)).ToLookup(pair => WeightNames.IsBuffer(pair.Key), pair => pair.Value);
        return new TensorMatch(found, missing, misshapen, [.. rest[false]], [.. rest[true]]);
    }

    /// <summary>Throws if a parameter has no tensor or one of another shape.</summary>
    /// <param name="where">Names the checkpoint in the message.</param>
    /// <exception cref="CheckpointException">One line that lists every fault.</exception>
    public void ThrowIfIncomplete(string where)
    {
        if (IsComplete)
            return;
        var faults = Missing.Select(parameter => $"'{parameter.Name}' [{string.Join(", ", parameter.Shape)}] is missing")
            .Concat(Misshapen.Select(pair => $"'{pair.Tensor.Name}' is {pair.Tensor.ShapeText}; config.json needs [{string.Join(", ", pair.Parameter.Shape)}]"))
            .ToList();
        throw new CheckpointException($"{where}: {faults.Count} tensors do not fit: {string.Join("; ", faults)}.");
    }

    private static string Source(string name, VisionEncoderDecoderConfig config, Dictionary<string, TensorInfo> stored) => name switch
    {
        EmbeddingName when config.Decoder.TieWordEmbeddings && stored.ContainsKey(HeadName) => HeadName,
        HeadName when !stored.ContainsKey(HeadName) => EmbeddingName,
        _ => name,
    };
}
