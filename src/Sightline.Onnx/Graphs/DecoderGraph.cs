using Sightline.Configuration;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Sightline.Onnx.Graphs;

/// <summary>GPT-2 with cross-attention: token ids, what the picture gives, and the keys and values of the positions before, to logits and new keys and values.</summary>
internal sealed class DecoderGraph(GraphBuilder graph, LayerWriter layers, VisionEncoderDecoderConfig model)
{
    private readonly Gpt2Config _config = model.Decoder;

    private int HeadDim => _config.NEmbd / _config.NHead;

    /// <summary>Declares the past keys and values as inputs.</summary>
    public static void DeclareCache(GraphBuilder graph, Gpt2Config config, string owner, Dimension length)
    {
        foreach (var name in Names.Cache("past_key_values", config.NLayer, owner))
            graph.Input(name, DataType.Float, Names.Batch, config.NHead, length, config.NEmbd / config.NHead);
    }

    /// <summary>Keys and values of cross-attention in every block, heads split; computed from the encoder's states.</summary>
    /// <param name="states">[batch, seq, hidden of the encoder].</param>
    public IEnumerable<string> CrossKeyValues(string states)
    {
        if (model.HasEncoderToDecoderProjection)
            states = layers.Linear(graph, "enc_to_dec_proj", states, "enc_to_dec_proj", isOutIn: true);
        for (var i = 0; i < _config.NLayer; i++)
        {
            var path = $"transformer/h.{i}/crossattention/c_attn";
            var both = layers.Linear(graph, path, states, $"decoder.transformer.h.{i}.crossattention.c_attn", isOutIn: false);
            foreach (var part in Split(path, both, 2))
                yield return Blocks.SplitHeads(graph, path, part, _config.NHead, HeadDim);
        }
    }

    /// <summary>Appends the decoder.</summary>
    /// <param name="past">Past keys and values, two a block; empty where there are none.</param>
    /// <param name="cross">Keys and values of cross-attention, two a block.</param>
    /// <param name="outputPrefix">Comes before the names of the outputs.</param>
    /// <param name="owner">See <see cref="Names.Cache"/>.</param>
    public void Build(string[] past, string[] cross, string outputPrefix, string owner)
    {
        var length = graph.Size("transformer", Names.InputIds, 1);
        var pastLength = past.Length == 0 ? null : graph.Size("transformer", past[0], 2);
        var total = pastLength is null ? length : graph.Add("transformer", pastLength, length);
        var positions = Positions(pastLength, total);
        var states = graph.Add("transformer", layers.Embedding(graph, "transformer/wte", Names.InputIds, "decoder.transformer.wte.weight"),
            layers.Embedding(graph, "transformer/wpe", positions, "decoder.transformer.wpe.weight"));
        var mask = Mask(positions, total);
        var present = new List<string>();
        for (var i = 0; i < _config.NLayer; i++)
            states = Block(i, states, past.Length == 0 ? [] : past[(2 * i)..(2 * i + 2)], cross[2 * i], cross[2 * i + 1], mask, present);
        states = Blocks.LayerNorm(graph, layers, "transformer/ln_f", states, "decoder.transformer.ln_f", _config.LayerNormEpsilon);
        var head = _config.TieWordEmbeddings ? "decoder.transformer.wte.weight" : "decoder.lm_head.weight";
        graph.Output(layers.Head(graph, "lm_head", states, head), outputPrefix + Names.Logits, Names.Batch, Names.Length, _config.VocabSize);
        foreach (var (name, value) in Names.Cache("present", _config.NLayer, owner).Zip(present))
            graph.Output(value, outputPrefix + name, Names.Batch, _config.NHead, Names.TotalLength, HeadDim);
    }

    private string Block(int index, string states, string[] past, string crossKey, string crossValue, string mask, List<string> present)
    {
        var (path, name) = ($"transformer/h.{index}", $"decoder.transformer.h.{index}");
        var scale = (_config.ScaleAttnWeights ? 1 / MathF.Sqrt(HeadDim) : 1) / (_config.ScaleAttnByInverseLayerIdx ? index + 1 : 1);
        var normed = Norm("ln_1");
        var parts = Split($"{path}/attn", Linear("attn.c_attn", normed), 3).Select(part => Blocks.SplitHeads(graph, $"{path}/attn", part, _config.NHead, HeadDim)).ToArray();
        var (key, value) = past.Length == 0 ? (parts[1], parts[2]) : (graph.Concat($"{path}/attn", 2, past[0], parts[1]), graph.Concat($"{path}/attn", 2, past[1], parts[2]));
        present.AddRange([key, value]);
        var context = Blocks.Attention(graph, $"{path}/attn", parts[0], key, value, scale, _config.NEmbd, mask);
        states = graph.Add(path, Linear("attn.c_proj", context), states);

        var query = Blocks.SplitHeads(graph, $"{path}/crossattention", Linear("crossattention.q_attn", Norm("ln_cross_attn")), _config.NHead, HeadDim);
        context = Blocks.Attention(graph, $"{path}/crossattention", query, crossKey, crossValue, scale, _config.NEmbd);
        states = graph.Add(path, Linear("crossattention.c_proj", context), states);

        var inner = Blocks.Activate(graph, $"{path}/mlp/act", Linear("mlp.c_fc", Norm("ln_2")), ActivationNames.Find(_config.ActivationFunction)!.Value);
        return graph.Add(path, Linear("mlp.c_proj", inner), states);

        string Linear(string layer, string x) => layers.Linear(graph, $"{path}/{layer.Replace('.', '/')}", x, $"{name}.{layer}", isOutIn: false);

        string Norm(string layer) => Blocks.LayerNorm(graph, layers, $"{path}/{layer}", states, $"{name}.{layer}", _config.LayerNormEpsilon);
    }

    private string[] Split(string path, string value, int parts) =>
        graph.Node(path, "Split", [value, graph.Constants.Integers([.. Enumerable.Repeat((long)_config.NEmbd, parts)])], parts, GraphBuilder.Attribute("axis", 2));

    // The positions of the new tokens: from the length of the past to the total length.
    private string Positions(string? pastLength, string total)
    {
        var start = pastLength is null ? graph.Constants.Integer(0) : graph.Scalar("transformer", pastLength);
        return graph.Node("transformer", "Range", [start, graph.Scalar("transformer", total), graph.Constants.Integer(1)]);
    }

    // [seq, total]: a position sees itself and those before.
    private string Mask(string positions, string total)
    {
        var keys = graph.Node("transformer", "Range", [graph.Constants.Integer(0), graph.Scalar("transformer", total), graph.Constants.Integer(1)]);
        var queries = graph.Node("transformer", "Unsqueeze", [positions, graph.Constants.Integers(1)]);
        return graph.Node("transformer", "LessOrEqual", [keys, queries]);
    }
}
