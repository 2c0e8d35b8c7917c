using Sightline.Configuration;

namespace Sightline.Onnx.Graphs;

/// <summary>Pictures to states: <c>pixel_values</c> [batch, channels, size, size] to <c>last_hidden_state</c> [batch, seq, hidden].</summary>
internal static class EncoderGraph
{
    /// <summary>The values that name the encoder's input and its output.</summary>
    public const string PixelValues = "pixel_values";

    public const string LastHiddenState = "last_hidden_state";

    /// <summary>Appends the encoder to a graph.</summary>
    /// <returns>The last hidden state, in the type that the graph computes in.</returns>
    public static string Build(GraphBuilder graph, LayerWriter layers, ViTConfig config)
    {
        const string Path = "encoder/embeddings";
        const string Name = "encoder.embeddings";
        graph.Input(PixelValues, global::Onnx.TensorProto.Types.DataType.Float, Names.Batch, config.NumChannels, config.ImageSize, config.ImageSize);
        var pixels = graph.FromInput(PixelValues);
        var patches = layers.Convolution(graph, $"{Path}/patch_embeddings", pixels, $"{Name}.patch_embeddings.projection", config.PatchSize);
        patches = graph.Transpose(Path, graph.Reshape(Path, patches, 0, config.HiddenSize, -1), 0, 2, 1);
        var batch = graph.Concat(Path, 0, graph.Size(Path, PixelValues, 0), graph.Constants.Integers(1, 1));
        string[] tokens = config.HasDistillationToken ? ["cls_token", "distillation_token"] : ["cls_token"];
        var states = graph.Concat(Path, 1, [.. tokens.Select(token => graph.Node(Path, "Expand", [layers.Vector(graph, $"{Name}.{token}"), batch])), patches]);
        states = graph.Add(Path, states, layers.Vector(graph, $"{Name}.position_embeddings"));
        for (var i = 0; i < config.NumHiddenLayers; i++)
            states = Layer(graph, layers, config, i, states);
        var last = Blocks.LayerNorm(graph, layers, "layernorm", states, "encoder.layernorm", config.LayerNormEps);
        graph.Output(last, LastHiddenState, Names.Batch, config.SequenceLength, config.HiddenSize);
        return last;
    }

    private static string Layer(GraphBuilder graph, LayerWriter layers, ViTConfig config, int index, string states)
    {
        var (path, name) = ($"encoder/layer.{index}", $"encoder.encoder.layer.{index}");
        var headDim = config.HiddenSize / config.NumAttentionHeads;
        var normed = Blocks.LayerNorm(graph, layers, $"{path}/layernorm_before", states, $"{name}.layernorm_before", config.LayerNormEps);
        var (query, key, value) = (Projection("query"), Projection("key"), Projection("value"));
        var context = Blocks.Attention(graph, $"{path}/attention/attention", query, key, value, 1 / MathF.Sqrt(headDim), config.HiddenSize);
        states = graph.Add(path, layers.Linear(graph, $"{path}/attention/output/dense", context, $"{name}.attention.output.dense", isOutIn: true), states);
        normed = Blocks.LayerNorm(graph, layers, $"{path}/layernorm_after", states, $"{name}.layernorm_after", config.LayerNormEps);
        var inner = layers.Linear(graph, $"{path}/intermediate/dense", normed, $"{name}.intermediate.dense", isOutIn: true);
        inner = Blocks.Activate(graph, $"{path}/intermediate/intermediate_act_fn", inner, ActivationNames.Find(config.HiddenAct)!.Value);
        return graph.Add(path, layers.Linear(graph, $"{path}/output/dense", inner, $"{name}.output.dense", isOutIn: true), states);

        string Projection(string which)
        {
            var place = $"{path}/attention/attention/{which}";
            var projected = layers.Linear(graph, place, normed, $"{name}.attention.attention.{which}", isOutIn: true, config.QkvBias);
            return Blocks.SplitHeads(graph, place, projected, config.NumAttentionHeads, headDim);
        }
    }
}
