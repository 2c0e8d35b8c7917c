using Sightline.Configuration;
using Sightline.Kernels;

namespace Sightline.Checkpoints.Onnx;

/// <summary>
/// The weights of an ONNX folder as transformers.js uses it: an encoder and a decoder file, fp32, fp16 or 8-bit. Names are given to them by walking the graphs
/// from their outputs.
/// </summary>
internal sealed class OnnxCheckpoint : TensorSource
{
    private const string EncoderName = "encoder_model";
    private static readonly string[] s_suffixes = ["", "_fp16", "_quantized", "_int8", "_uint8"];
    private static readonly string[] s_decoders = ["decoder_model_merged", "decoder_model", "decoder_with_past_model"];

    private readonly MappedFile _encoder;
    private readonly MappedFile _decoder;
    private readonly OnnxWeights _weights;

    private OnnxCheckpoint(MappedFile encoder, MappedFile decoder, OnnxWeights weights) => (_encoder, _decoder, _weights) = (encoder, decoder, weights);

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, TensorInfo> Tensors => _weights.Tensors;

    /// <summary>The files of a folder, in its subfolder <c>onnx</c> or itself, the most exact numbers first; null where it has no such pair.</summary>
    public static (string Encoder, string Decoder)? FindFiles(string folder)
    {
        foreach (var place in new[] { Path.Combine(folder, "onnx"), folder })
        {
            foreach (var suffix in s_suffixes)
            {
                var encoder = Path.Combine(place, $"{EncoderName}{suffix}.onnx");
                var decoder = s_decoders.Select(name => Path.Combine(place, $"{name}{suffix}.onnx")).FirstOrDefault(File.Exists);
                if (decoder is not null && File.Exists(encoder))
                    return (encoder, decoder);
            }
        }

        return null;
    }

    /// <exception cref="CheckpointException">A file is damaged, or its graph is of another model.</exception>
    /// <exception cref="ConfigurationException">config.json is missing or cannot be used.</exception>
    public static OnnxCheckpoint Open(string folder, (string Encoder, string Decoder) files)
    {
        var config = VisionEncoderDecoderConfig.Load(folder);
        var encoder = MappedFile.Open(files.Encoder);
        MappedFile? decoder = null;
        try
        {
            decoder = MappedFile.Open(files.Decoder);
            var weights = Walk(encoder, decoder, config);
            return new OnnxCheckpoint(encoder, decoder, weights);
        }
        catch
        {
            encoder.Dispose();
            decoder?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> GetMemory(string name)
    {
        var info = Find(name);
        CheckedLength(info, info.ElementCount * info.DType.Size());
        return _weights.Read(info.Name);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _encoder.Dispose();
        _decoder.Dispose();
    }

    private static OnnxWeights Walk(MappedFile encoder, MappedFile decoder, VisionEncoderDecoderConfig config)
    {
        var (encoderGraph, decoderGraph) = (OnnxReader.Read(encoder), OnnxReader.Read(decoder));
        var encoderTensors = new HashSet<OnnxTensor>(ReferenceEqualityComparer.Instance);
        var weights = new OnnxWeights { FileOf = tensor => encoderTensors.Contains(tensor) ? encoder : decoder };
        encoderTensors.UnionWith(encoderGraph.Initializers.Values.Concat(encoderGraph.Nodes.Select(node => node.Tensor).OfType<OnnxTensor>()));
        var (encoderGraphAt, states) = Resolve(encoder.Path, encoderGraph, "last_hidden_state");
        var (decoderGraphAt, logits) = Resolve(decoder.Path, decoderGraph, "logits");
        var encoderWalk = new OnnxWalk(encoder.Path, encoderGraphAt);
        new OnnxEncoderWalk(encoderWalk, weights).Run(states);
        new OnnxDecoderWalk(new OnnxWalk(decoder.Path, decoderGraphAt), encoderWalk, encoderGraph.Outputs, weights).Run(logits);
        CheckActivation(encoder.Path, weights.EncoderActivation, config.Encoder.HiddenAct, "encoder.hidden_act");
        CheckActivation(decoder.Path, weights.DecoderActivation, config.Decoder.ActivationFunction, "decoder.activation_function");
        return weights;
    }

    // Of a merged decoder the branch that reads the cache: the other one is the same without.
    private static (OnnxGraph Graph, string Value) Resolve(string file, OnnxGraph graph, string output)
    {
        if (!graph.Outputs.Contains(output))
            throw new CheckpointException($"{file}: gives {MessageText.List(graph.Outputs, 5)}; {output} was expected. Is it another model's file?");
        if (graph.Producer(output) is not { Operation: "If" } choice)
            return (graph, output);
        var (branch, index) = (choice.Graphs.GetValueOrDefault("then_branch"), choice.Outputs.IndexOf(output));
        return branch is not null && index < branch.Outputs.Count
            ? (branch, branch.Outputs[index])
            : throw new CheckpointException($"{file}: {choice.Title} does not fit: a branch for every output was expected.");
    }

    private static void CheckActivation(string file, HashSet<string> operations, string name, string key)
    {
        var fits = ActivationNames.Find(name) switch
        {
            Activation.Gelu => operations.Overlaps(["Erf", "Gelu"]),
            Activation.GeluNew or Activation.GeluFast => operations.Overlaps(["Tanh", "FastGelu", "Gelu"]) && !operations.Contains("Erf"),
            Activation.QuickGelu => operations.Overlaps(["Sigmoid", "QuickGelu"]),
            Activation.Silu => operations.Contains("Sigmoid"),
            Activation.Relu => operations.Contains("Relu"),
            Activation.Tanh => operations.SetEquals(["Tanh"]),
            _ => operations.Count == 0,
        };
        if (!fits)
            throw new CheckpointException($"{file}: the activation is made of {(operations.Count == 0 ? "nothing" : string.Join(", ", operations.Order(StringComparer.Ordinal)))}; config.json says {key} '{name}'.");
    }
}
