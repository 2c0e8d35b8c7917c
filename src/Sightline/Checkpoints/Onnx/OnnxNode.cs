namespace Sightline.Checkpoints.Onnx;

/// <summary>One operation of a graph.</summary>
internal sealed class OnnxNode
{
    public string Name { get; set; } = "";

    public string Operation { get; set; } = "";

    public List<string> Inputs { get; } = [];

    public List<string> Outputs { get; } = [];

    /// <summary>Whole numbers of attributes, as far as they are needed.</summary>
    public Dictionary<string, long> Integers { get; } = [];

    /// <summary>The value of a Constant.</summary>
    public OnnxTensor? Tensor { get; set; }

    /// <summary>Branches of an If by attribute name.</summary>
    public Dictionary<string, OnnxGraph> Graphs { get; } = [];

    /// <summary>What a message calls it.</summary>
    public string Title => $"node {MessageText.Quote(Name.Length > 0 ? Name : Outputs.FirstOrDefault() ?? "")} ({MessageText.Clean(Operation, 60)})";
}
