namespace Sightline.Checkpoints.Onnx;

/// <summary>Finds the weights of a GPT-2 decoder with cross-attention, from the logits back to the embeddings.</summary>
/// <param name="walk">The decoder's graph.</param>
/// <param name="encoder">The encoder's, which computes the cross-attention keys and values in some folders.</param>
/// <param name="encoderOutputs">The encoder's outputs.</param>
/// <param name="weights">Gets what is found.</param>
internal sealed class OnnxDecoderWalk(OnnxWalk walk, OnnxWalk encoder, IReadOnlyCollection<string> encoderOutputs, OnnxWeights weights)
{
    private OnnxWalk.Linear? _projection;

    public void Run(string logits)
    {
        var layers = new List<Action<string>>();
        var head = walk.ExpectLinear(logits, "lm_head");
        weights.Matrix("decoder.lm_head.weight", head.Weight, isOutIn: true);
        var last = walk.ExpectNorm(head.Input, "ln_f");
        weights.Norm("decoder.transformer.ln_f", last);
        var states = last.Input;
        while (walk.Residual(states) is var (branch, rest))
        {
            var mlp = walk.ExpectLinear(branch, "mlp.c_proj");
            var inner = walk.ExpectActivated(mlp.Input, "a decoder block", weights.DecoderActivation);
            var norm2 = walk.ExpectNormOf(inner.Input, rest, "ln_2");
            var cross = Branch(rest, "crossattention.c_proj", out var afterSelf);
            var crossAttention = walk.ExpectAttention(cross.Input, "cross-attention");
            var query = walk.ExpectLinear(walk.Head(crossAttention.Query).Value, "crossattention.q_attn");
            var keyValue = CrossKeyValue(crossAttention);
            var normCross = walk.ExpectNormOf(query.Input, afterSelf, "ln_cross_attn");
            var self = Branch(afterSelf, "attn.c_proj", out var before);
            var joint = Joint(walk.ExpectAttention(self.Input, "self-attention"));
            var norm1 = walk.ExpectNormOf(joint.Input, before, "ln_1");
            layers.Add(prefix =>
            {
                weights.Norm($"{prefix}ln_1", norm1);
                weights.LinearInOut($"{prefix}attn.c_attn", joint);
                weights.LinearInOut($"{prefix}attn.c_proj", self);
                weights.Norm($"{prefix}ln_cross_attn", normCross);
                weights.LinearInOut($"{prefix}crossattention.q_attn", query);
                weights.LinearInOut($"{prefix}crossattention.c_attn", keyValue);
                weights.LinearInOut($"{prefix}crossattention.c_proj", cross);
                weights.Norm($"{prefix}ln_2", norm2);
                weights.LinearInOut($"{prefix}mlp.c_fc", inner);
                weights.LinearInOut($"{prefix}mlp.c_proj", mlp);
            });
            states = before;
        }

        Embeddings(states);
        layers.Reverse();
        for (var i = 0; i < layers.Count; i++)
            layers[i]($"decoder.transformer.h.{i}.");
        if (_projection is { } projection)
            weights.LinearOutIn("enc_to_dec_proj", projection);
    }

    private OnnxWalk.Linear Branch(string states, string what, out string rest)
    {
        var (branch, others) = walk.Residual(states) ?? throw walk.Unfit(walk.Producer(states), $"a residual connection behind {what}", states);
        rest = others;
        return walk.ExpectLinear(branch, what);
    }

    // Queries, keys and values are the three parts of one layer, in this order.
    private OnnxWalk.Linear Joint(OnnxWalk.Attention attention)
    {
        var parts = new[] { attention.Query, attention.Key, attention.Value }.Select(walk.Head).ToArray();
        var layer = walk.ExpectLinear(parts[0].Value, "attn.c_attn");
        return parts.Select(part => part.Part).SequenceEqual([0, 1, 2]) && parts.All(part => walk.IsSame(part.Value, parts[0].Value))
            ? layer
            : throw walk.Unfit(attention.Node, "queries, keys and values split from one layer (attn.c_attn)");
    }

    private OnnxWalk.Linear CrossKeyValue(OnnxWalk.Attention attention)
    {
        var (key, value) = (walk.Head(attention.Key), walk.Head(attention.Value));
        var source = walk;
        if (EncoderOutput(key.Value) is { } keyOutput && EncoderOutput(value.Value) is { } valueOutput)
        {
            source = encoder;
            (key, value) = (encoder.Head(keyOutput), encoder.Head(valueOutput));
        }

        var layer = source.ExpectLinear(key.Value, "crossattention.c_attn");
        if (key.Part != 0 || value.Part != 1 || !source.IsSame(key.Value, value.Value))
            throw walk.Unfit(attention.Node, "keys and values split from one layer (crossattention.c_attn)");
        if (source.TryLinear(layer.Input, out var projection))
        {
            if (_projection is not null && _projection.Product != projection.Product)
                throw source.Unfit(projection.Product, "one projection of the encoder's states (enc_to_dec_proj)");
            _projection = projection;
        }

        return layer;
    }

    private string? EncoderOutput(string value)
    {
        var output = value.Replace("past_key_values", "present", StringComparison.Ordinal);
        return walk.IsInput(value) && encoderOutputs.Contains(output) ? output : null;
    }

    private void Embeddings(string states)
    {
        var sum = walk.Expect(walk.Producer(states), "Add", "token and position embeddings", states);
        var (first, second) = (walk.ExpectLookup(sum.Inputs[0]), walk.ExpectLookup(sum.Inputs[1]));
        if (walk.Skip(first.Ids) != "input_ids")
            (first, second) = (second, first);
        if (walk.Skip(first.Ids) != "input_ids")
            throw walk.Unfit(sum, "an embedding of input_ids");
        weights.Matrix("decoder.transformer.wte.weight", first.Table, isOutIn: false);
        weights.Matrix("decoder.transformer.wpe.weight", second.Table, isOutIn: false);
    }
}
