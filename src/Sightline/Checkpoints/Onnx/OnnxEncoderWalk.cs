namespace Sightline.Checkpoints.Onnx;

/// <summary>Finds the weights of a ViT or DeiT encoder, from its last norm back to the convolution.</summary>
internal sealed class OnnxEncoderWalk(OnnxWalk walk, OnnxWeights weights)
{
    public void Run(string lastHiddenState)
    {
        var layers = new List<Action<string>>(); // the last layer first: numbers are known only when all are found
        var last = walk.ExpectNorm(lastHiddenState, "the encoder's last");
        weights.Norm("encoder.layernorm", last);
        var states = last.Input;
        while (walk.Residual(states) is var (branch, rest))
        {
            var output = walk.ExpectLinear(branch, "a layer's output");
            var intermediate = walk.ExpectActivated(output.Input, "an encoder layer", weights.EncoderActivation);
            var after = walk.ExpectNormOf(intermediate.Input, rest, "layernorm_after");
            (branch, var before) = walk.Residual(rest) ?? throw walk.Unfit(walk.Producer(rest), "a residual connection behind attention", rest);
            var dense = walk.ExpectLinear(branch, "attention's output");
            var attention = walk.ExpectAttention(dense.Input, "an encoder layer");
            var (query, key, value) = (Projection(attention.Query), Projection(attention.Key), Projection(attention.Value));
            if (!walk.IsSame(query.Input, key.Input) || !walk.IsSame(query.Input, value.Input))
                throw walk.Unfit(attention.Node, "queries, keys and values of the same states");
            var norm = walk.ExpectNormOf(query.Input, before, "layernorm_before");
            layers.Add(prefix =>
            {
                weights.Norm($"{prefix}layernorm_before", norm);
                weights.LinearOutIn($"{prefix}attention.attention.query", query);
                weights.LinearOutIn($"{prefix}attention.attention.key", key);
                weights.LinearOutIn($"{prefix}attention.attention.value", value);
                weights.LinearOutIn($"{prefix}attention.output.dense", dense);
                weights.Norm($"{prefix}layernorm_after", after);
                weights.LinearOutIn($"{prefix}intermediate.dense", intermediate);
                weights.LinearOutIn($"{prefix}output.dense", output);
            });
            states = before;
        }

        Embeddings(states);
        layers.Reverse();
        for (var i = 0; i < layers.Count; i++)
            layers[i]($"encoder.encoder.layer.{i}.");

        OnnxWalk.Linear Projection(string value) => walk.ExpectLinear(walk.Head(value).Value, "queries, keys or values of an encoder layer");
    }

    // Tokens and patches one after the other, plus positions.
    private void Embeddings(string states)
    {
        var sum = walk.Expect(walk.Producer(states), "Add", "position embeddings", states);
        var operand = walk.ConstantOperand(sum) ?? throw walk.Unfit(sum, "stored position embeddings");
        weights.Plain("encoder.embeddings.position_embeddings", walk.Constant(sum.Inputs[operand])!, 1);
        var value = sum.Inputs[1 - operand];
        var concat = walk.Expect(walk.Producer(value), "Concat", "class token and patches one after the other", value);
        string[] tokens = ["cls_token", "distillation_token"];
        if (concat.Inputs.Count - 1 > tokens.Length)
            throw walk.Unfit(concat, "one or two tokens before the patches");
        for (var i = 0; i < concat.Inputs.Count - 1; i++)
        {
            var expanded = walk.Producer(concat.Inputs[i]);
            var token = expanded is { Operation: "Expand" } && expanded.Inputs.Count > 0 ? expanded.Inputs[0] : concat.Inputs[i];
            weights.Plain($"encoder.embeddings.{tokens[i]}", walk.Constant(token) ?? throw walk.Unfit(expanded ?? concat, $"a stored {tokens[i]}"), 2);
        }

        Convolution(concat.Inputs[^1]);
    }

    private void Convolution(string value)
    {
        const string Name = "encoder.embeddings.patch_embeddings.projection";
        var node = walk.Producer(value);
        if (node is { Operation: "Conv", Inputs.Count: 3 } && walk.Constant(node.Inputs[1]) is { } kernel && walk.Constant(node.Inputs[2]) is { } offset)
        {
            weights.Plain($"{Name}.weight", kernel, 0);
            weights.Vector($"{Name}.bias", offset);
            return;
        }

        if (node is { Operation: "Add" } && walk.ConstantOperand(node) is { } operand && walk.Producer(node.Inputs[1 - operand]) is { } scaled
            && walk.Integers(scaled, "ConvInteger") is { } product)
        {
            weights.Plain($"{Name}.weight", product.Weight, 0);
            weights.Vector($"{Name}.bias", walk.Constant(node.Inputs[operand])!);
            return;
        }

        throw walk.Unfit(node, "the convolution that cuts a picture into patches", value);
    }
}
