using Sightline.Checkpoints;
using Sightline.IO;
using Sightline.Models;

namespace Sightline.Verification.Kinds;

/// <summary><c>forward/</c>: encoder states, logits, losses and, where stored, hidden states, attentions and the cache.</summary>
public sealed class ForwardFixtures : FixtureKind
{
    private static readonly OutputOptions s_everything = new() { HiddenStates = true, Attentions = true, PastKeyValues = true, Pooler = true };

    /// <inheritdoc/>
    public override string Name => "forward";

    /// <inheritdoc/>
    protected override IEnumerable<string> Files(string root) =>
        Directory.EnumerateFiles(Path.Combine(root, Name), "*.json").Order(StringComparer.Ordinal);

    /// <inheritdoc/>
    protected override FixtureResult Judge(string root, string file)
    {
        var manifest = JsonFile.ReadObject(file);
        var comparison = new Comparison(Name, Relative(root, file));
        using var golden = SafetensorsFile.Open(Path.ChangeExtension(file, ".safetensors"));
        using var model = VisionEncoderDecoderModel.Load(Path.Combine(Path.GetDirectoryName(file)!, manifest["checkpoint"]!.GetValue<string>()));
        var run = new ForwardRun(model, golden, manifest, comparison);
        run.CompareEncoder(s_everything);
        run.CompareDecoder(s_everything);
        run.CompareMasks();
        run.CompareLosses();
        run.CompareInterpolation();
        if (golden.Tensors.Keys.Any(name => name.StartsWith("grad_", StringComparison.Ordinal)))
            comparison.Skip("gradients (training verifies them)");
        run.CompareCoverage();
        return comparison.Result();
    }
}
