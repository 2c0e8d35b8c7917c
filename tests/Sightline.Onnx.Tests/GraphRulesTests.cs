using Google.Protobuf;
using Onnx;
using Xunit;

namespace Sightline.Onnx.Tests;

/// <summary>Exported files against the official schema and the rules that ONNX has for graphs.</summary>
public sealed class GraphRulesTests
{
    public static TheoryData<OnnxNumberType, CrossKeyValues, bool> Layouts() => new()
    {
        { OnnxNumberType.Fp32, CrossKeyValues.Recomputed, false },
        { OnnxNumberType.Fp32, CrossKeyValues.Cached, false },
        { OnnxNumberType.Fp16, CrossKeyValues.Recomputed, false },
        { OnnxNumberType.Q8, CrossKeyValues.Recomputed, false },
        { OnnxNumberType.Q8, CrossKeyValues.Cached, true },
    };

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Files_OfEveryLayout_FollowTheRulesAndComeOutTheSameTwice(OnnxNumberType type, CrossKeyValues cross, bool perChannel)
    {
        var options = new OnnxExportOptions { NumberTypes = [type], CrossKeyValues = cross, PerChannel = perChannel };
        using var first = new ExportedModel("t-proj", options);
        using var second = new ExportedModel("t-proj", options);
        foreach (var (name, size) in first.Export.Files)
        {
            var bytes = File.ReadAllBytes(Path.Combine(first.Folder, name));
            Assert.Equal(size, bytes.Length);
            Assert.Equal(bytes, File.ReadAllBytes(Path.Combine(second.Folder, name)));
            if (!name.EndsWith(".onnx", StringComparison.Ordinal))
                continue;
            var model = ModelProto.Parser.ParseFrom(bytes);
            Assert.Equal(bytes, model.ToByteArray()); // nothing that the schema does not know
            Check(model.Graph, []);
            Assert.Empty(model.Graph.Initializer.Select(tensor => tensor.Name).Except(Reads(model.Graph)));
        }

        Assert.Equal(2, first.Export.Files.Count(file => file.Name.EndsWith(".onnx", StringComparison.Ordinal)));
    }

    // Every value is given once, before it is read, and none of an outer graph is given again.
    private static void Check(GraphProto graph, HashSet<string> outer)
    {
        var known = new HashSet<string>(outer);
        foreach (var name in graph.Input.Select(input => input.Name).Concat(graph.Initializer.Select(tensor => tensor.Name)))
            Assert.True(known.Add(name), name);
        var nodes = new HashSet<string>();
        foreach (var node in graph.Node)
        {
            Assert.True(nodes.Add(node.Name), node.Name);
            Assert.All(node.Input, input => Assert.Contains(input, known));
            foreach (var branch in node.Attribute.Where(attribute => attribute.G is not null))
            {
                Check(branch.G, known);
                Assert.Equal(node.Output.Count, branch.G.Output.Count);
            }

            foreach (var output in node.Output)
                Assert.True(known.Add(output), output);
        }

        Assert.All(graph.Output, output => Assert.Contains(output.Name, known));
    }

    private static IEnumerable<string> Reads(GraphProto graph) =>
        graph.Node.SelectMany(node => node.Input.Concat(node.Attribute.Where(attribute => attribute.G is not null).SelectMany(attribute => Reads(attribute.G))));
}
