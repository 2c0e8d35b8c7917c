using System.Runtime.InteropServices;
using Sightline.Checkpoints;
using Sightline.Kernels;

namespace Sightline.Models;

/// <summary>
/// A checkpoint whose linear layers are stored as the kernels read them: one safetensors file that is mapped and used as it lies. A weight W becomes
/// <c>W.int8</c> or <c>W.int4</c> [panels, steps, 64, 4] and <c>W.scale</c>, that of the logits also
/// <c>W.rest</c> [out, in] and <c>W.rest_scale</c>, what rounding took from it; layers that run as one are stored as one. Everything else is fp32.
/// </summary>
internal static class PackedCheckpoint
{
    /// <summary>Raised when the layout changes; another version is refused.</summary>
    private const string Version = "3";
    private const string FormatKey = "sightline_weights";
    private const string VersionKey = "sightline_version";

    /// <summary>What the header says of a file in a format.</summary>
    public static IReadOnlyDictionary<string, string> Metadata(WeightFormat format) =>
        new Dictionary<string, string> { ["format"] = "sightline", [VersionKey] = Version, [FormatKey] = Name(format) };

    /// <summary>The format of a converted checkpoint; null for any other.</summary>
    /// <exception cref="CheckpointException">It was written by another version.</exception>
    public static WeightFormat? FormatOf(TensorSource source)
    {
        if (source is not SafetensorsFile { Metadata: var metadata } || !metadata.TryGetValue(FormatKey, out var name))
            return null;
        var file = source.Tensors.Values.FirstOrDefault()?.File;
        var version = metadata.GetValueOrDefault(VersionKey);
        if (version != Version)
            throw new CheckpointException($"{file}: packed weights of version {MessageText.Quote(version ?? "none")}; this version of Sightline reads version {Version}. Convert the original checkpoint again.");
        return Enum.GetValues<WeightFormat>().Cast<WeightFormat?>().FirstOrDefault(format => Name(format!.Value) == name)
            ?? throw new CheckpointException($"{file}: packed weights of format {MessageText.Quote(name)}; int8 or int4 was expected. Convert the original checkpoint again.");
    }

    /// <summary>The format that a checkpoint runs in: the one asked for; where it is left open, the one it was converted to, else fp32.</summary>
    /// <exception cref="ConfigurationException">It was converted to another one.</exception>
    public static WeightFormat FormatFor(TensorSource source, WeightFormat asked, string where)
    {
        var stored = FormatOf(source);
        if (asked == WeightFormat.Auto)
            return stored ?? WeightFormat.Fp32;
        if (stored is not null && asked != stored)
            throw new ConfigurationException($"{where}: converted to {Name(stored.Value)}, so it cannot run as {Name(asked)}; use the original checkpoint, or leave the number format open.");
        return asked;
    }

    /// <summary>The tensors of packed weights.</summary>
    public static IEnumerable<TensorData> Tensors(string name, PackedWeights weights)
    {
        yield return new TensorData(name + Suffix(weights.Kind), TensorDType.U8, [weights.PanelCount, weights.Steps, PanelDot.Width, 4], weights.Panels);
        yield return TensorData.FromSingles(name + ScaleSuffix, [weights.Scales.Length], weights.Scales.Span);
        if (weights.Remainder is not { } rest)
            yield break;
        yield return new TensorData(name + RestSuffix, TensorDType.I8, [weights.OutFeatures, weights.InFeatures], rest.Bytes);
        yield return TensorData.FromSingles(name + RestScaleSuffix, [rest.Scales.Length], rest.Scales.Span);
    }

    /// <summary>The packed weights of a name; null where there are none.</summary>
    /// <param name="source">The checkpoint.</param>
    /// <param name="name">Key of the weight.</param>
    /// <param name="inFeatures">Width of the input.</param>
    /// <param name="outFeatures">Width of the output.</param>
    /// <param name="fault">What does not fit, or null.</param>
    public static PackedWeights? Find(TensorSource source, string name, int inFeatures, int outFeatures, out string? fault)
    {
        fault = null;
        foreach (var kind in (ReadOnlySpan<DotKind>)[DotKind.Int8, DotKind.Int4])
        {
            if (!source.Tensors.ContainsKey(name + Suffix(kind)))
                continue;
            var panels = Take(source, name + Suffix(kind), TensorDType.U8, PackedWeights.ByteCount(kind, inFeatures, outFeatures), ref fault);
            var hasRest = source.Tensors.ContainsKey(name + RestSuffix);
            var groups = kind == DotKind.Int4 && !hasRest ? PackedWeights.GroupCount(inFeatures) : 1;
            var scales = Take(source, name + ScaleSuffix, TensorDType.F32, PackedWeights.ScaleCount(kind, outFeatures, groups), ref fault);
            WeightRemainder? remainder = null;
            if (hasRest)
            {
                var rest = Take(source, name + RestSuffix, TensorDType.I8, (long)inFeatures * outFeatures, ref fault);
                var restScales = Take(source, name + RestScaleSuffix, TensorDType.F32, outFeatures, ref fault);
                remainder = fault is null ? new WeightRemainder(inFeatures, rest, Floats(restScales)) : null;
            }

            return fault is null ? new PackedWeights(kind, inFeatures, outFeatures, panels, Floats(scales)) { Remainder = remainder } : null;
        }

        return null;
    }

    /// <summary>The keys under which <see cref="Find"/> looks.</summary>
    public static IEnumerable<string> Names(string name) =>
        [name + Suffix(DotKind.Int8), name + Suffix(DotKind.Int4), name + ScaleSuffix, name + RestSuffix, name + RestScaleSuffix];

    private static ReadOnlyMemory<byte> Take(TensorSource source, string name, TensorDType dtype, long count, ref string? fault)
    {
        if (!source.Tensors.TryGetValue(name, out var tensor))
            fault ??= $"'{name}' is missing";
        else if (tensor.DType != dtype || tensor.ElementCount != count)
            fault ??= $"'{name}' is {tensor.DType} {tensor.ShapeText}; config.json needs {count} values of {dtype}";
        else
            return source.GetMemory(name);
        return default;
    }

    private static float[] Floats(ReadOnlyMemory<byte> bytes) => MemoryMarshal.Cast<byte, float>(bytes.Span).ToArray();

    /// <summary>As users write it.</summary>
    public static string Name(WeightFormat format) => format.ToString().ToLowerInvariant();

    private const string ScaleSuffix = ".scale";
    private const string RestSuffix = ".rest";
    private const string RestScaleSuffix = ".rest_scale";

    private static string Suffix(DotKind kind) => kind == DotKind.Int4 ? ".int4" : ".int8";
}
