namespace Sightline.Checkpoints.Onnx;

/// <summary>A graph, or the branch of an If, which sees what is around it.</summary>
internal sealed class OnnxGraph(OnnxGraph? outer)
{
    private readonly Dictionary<string, OnnxNode> _producers = [];
    private readonly HashSet<string> _data = [];

    public OnnxGraph? Outer { get; } = outer;

    public List<OnnxNode> Nodes { get; } = [];

    public Dictionary<string, OnnxTensor> Initializers { get; } = [];

    public HashSet<string> Inputs { get; } = [];

    public List<string> Outputs { get; } = [];

    /// <summary>Called when inputs and initializers are there, before the first node.</summary>
    public void Begin() =>
        // The others say nothing of the picture or the text: which branch, which positions are hidden, where a token stands.
        _data.UnionWith(Inputs.Where(name => name is not ("use_cache_branch" or "attention_mask" or "position_ids") && !Initializers.ContainsKey(name)));

    /// <summary>Appends a node; its branches, which see the nodes before it, are complete.</summary>
    /// <returns>A fault, or null: every value must be given once and before it is read, so that walking back ends.</returns>
    public string? Add(OnnxNode node)
    {
        if (node.Inputs.FirstOrDefault(input => input.Length > 0 && !IsKnown(input)) is { } unknown)
            return $"{node.Title} reads {MessageText.Quote(unknown)}, which nothing before it gives";
        Nodes.Add(node);
        var isData = node.Operation is not ("Shape" or "Size" or "ConstantOfShape" or "Range") && node.Inputs.Any(IsData);
        foreach (var output in node.Outputs.Where(output => output.Length > 0))
        {
            if (!_producers.TryAdd(output, node))
                return $"{node.Title} gives {MessageText.Quote(output)} a second time";
            if (isData)
                _data.Add(output);
        }

        return null;
    }

    /// <summary>Whether a value depends on the values of the inputs, and not on their sizes alone.</summary>
    public bool IsData(string value) => _data.Contains(value) || (Outer is not null && !_producers.ContainsKey(value) && Outer.IsData(value));

    /// <summary>The node that gives a value, here or outside; null for an input or a constant.</summary>
    public OnnxNode? Producer(string value) => _producers.TryGetValue(value, out var node) ? node : Outer?.Producer(value);

    public OnnxTensor? Initializer(string value) => Initializers.TryGetValue(value, out var tensor) ? tensor : Outer?.Initializer(value);

    private bool IsKnown(string value) => _producers.ContainsKey(value) || Initializers.ContainsKey(value) || Inputs.Contains(value) || (Outer is not null && Outer.IsKnown(value));
}
