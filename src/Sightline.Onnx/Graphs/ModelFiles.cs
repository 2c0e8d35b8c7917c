using Onnx;
using Sightline.Configuration;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Sightline.Onnx.Graphs;

/// <summary>The two models of an ONNX folder.</summary>
internal static class ModelFiles
{
    private const long IrVersion = 8;
    private const long Opset = 14;

    /// <summary>The encoder; with <see cref="CrossKeyValues.Cached"/> it also gives the cross-attention keys and values of every block.</summary>
    public static ModelProto Encoder(VisionEncoderDecoderConfig config, LayerWriter layers, CrossKeyValues cross)
    {
        var (model, graph) = Create("encoder", layers);
        var states = EncoderGraph.Build(graph, layers, config.Encoder);
        if (cross == CrossKeyValues.Cached)
        {
            var names = Names.Cache("present", config.Decoder.NLayer, ".encoder");
            foreach (var (name, value) in names.Zip(new DecoderGraph(graph, layers, config).CrossKeyValues(states)))
                graph.Output(value, name, Names.Batch, config.Decoder.NHead, config.Encoder.SequenceLength, config.Decoder.NEmbd / config.Decoder.NHead);
        }

        return model;
    }

    /// <summary>The decoder that takes cross-attention keys and values; with past keys and values of length 0 it starts a caption.</summary>
    public static ModelProto CachedDecoder(VisionEncoderDecoderConfig config, LayerWriter layers)
    {
        var (model, graph) = Create("decoder", layers);
        graph.Input(Names.InputIds, DataType.Int64, Names.Batch, Names.Length);
        DecoderGraph.DeclareCache(graph, config.Decoder, ".encoder", config.Encoder.SequenceLength);
        DecoderGraph.DeclareCache(graph, config.Decoder, ".decoder", Names.PastLength);
        var past = Names.Cache("past_key_values", config.Decoder.NLayer, ".decoder").Select(graph.FromInput).ToArray();
        var cross = Names.Cache("past_key_values", config.Decoder.NLayer, ".encoder").Select(graph.FromInput).ToArray();
        new DecoderGraph(graph, layers, config).Build(past, cross, "", ".decoder");
        return model;
    }

    /// <summary>
    /// The decoder as Optimum merges it: <c>use_cache_branch</c> chooses between a branch that reads past keys and values and one that ignores them. Both
    /// read the same tensors.
    /// </summary>
    public static ModelProto MergedDecoder(VisionEncoderDecoderConfig config, LayerWriter layers)
    {
        var (model, graph) = Create("decoder", layers);
        graph.Input(Names.InputIds, DataType.Int64, Names.Batch, Names.Length);
        graph.Input(Names.EncoderHiddenStates, DataType.Float, Names.Batch, "encoder_sequence_length", config.Encoder.HiddenSize);
        DecoderGraph.DeclareCache(graph, config.Decoder, "", Names.PastLength);
        graph.Input(Names.UseCacheBranch, DataType.Bool, 1);
        var past = Names.Cache("past_key_values", config.Decoder.NLayer, "").ToArray();
        var withPast = Branch("with_past", past);
        var withoutPast = Branch("without_past", []);
        string[] outputs = [Names.Logits, .. Names.Cache("present", config.Decoder.NLayer, "")];
        graph.Named("optimum::if", "If", [Names.UseCacheBranch], outputs, GraphBuilder.Attribute("then_branch", withPast), GraphBuilder.Attribute("else_branch", withoutPast));
        foreach (var (name, output) in outputs.Zip(withPast.Output))
        {
            var described = output.Clone();
            described.Name = name;
            model.Graph.Output.Add(described);
        }

        return model;

        GraphProto Branch(string name, string[] cache)
        {
            var proto = new GraphProto { Name = name };
            var branch = new GraphBuilder(proto, graph.Constants, layers.Element, name);
            var decoder = new DecoderGraph(branch, layers, config);
            var cross = decoder.CrossKeyValues(branch.FromInput(Names.EncoderHiddenStates)).ToArray();
            decoder.Build([.. cache.Select(branch.FromInput)], cross, $"{name}/", "");
            return proto;
        }
    }

    private static (ModelProto, GraphBuilder) Create(string name, LayerWriter layers)
    {
        var model = new ModelProto { IrVersion = IrVersion, ProducerName = "sightline", Graph = new GraphProto { Name = name } };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = Opset });
        return (model, new GraphBuilder(model.Graph, new Initializers(model.Graph), layers.Element));
    }
}
