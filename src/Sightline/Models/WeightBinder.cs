using System.Runtime.InteropServices;
using Sightline.Checkpoints;
using Sightline.Kernels;

namespace Sightline.Models;

/// <summary>
/// Takes tensors out of a checkpoint by name and shape and keeps account: missing, misshapen and surplus ones are reported together.
/// </summary>
internal class WeightBinder
{
    private readonly TensorSource? _source;
    private readonly Dictionary<string, string> _stored = []; // plain name -> stored name
    private readonly HashSet<string> _used = [];
    private readonly List<string> _faults = [];

    public WeightBinder(TensorSource source)
    {
        _source = source;
        foreach (var name in source.Tensors.Keys)
            _stored.TryAdd(WeightNames.Normalize(name), name);
    }

    /// <summary>For <see cref="ParameterCatalog"/>: a binder without a checkpoint.</summary>
    protected WeightBinder()
    {
    }

    /// <summary>Stored tensors that nothing asked for, buffers of masks left out.</summary>
    public IEnumerable<string> Surplus => _stored.Keys.Where(name => !_used.Contains(name) && !WeightNames.IsBuffer(name)).Order(StringComparer.Ordinal);

    /// <summary>Faults found so far.</summary>
    public IReadOnlyList<string> Faults => _faults;

    public virtual bool Has(string name) => _stored.ContainsKey(name) || PackedCheckpoint.Names(name).Any(_stored.ContainsKey);

    /// <summary>The tensor as floats; where it is missing or misshapen, a fault and null.</summary>
    public virtual float[]? Take(string name, params ReadOnlySpan<int> shape) => Find(name, shape) is { } stored ? _source!.ReadSingles(stored.Name) : null;

    /// <summary>The tensor where it is stored; null, without a fault, where it is not.</summary>
    public float[]? TakeOptional(string name, params ReadOnlySpan<int> shape) => Has(name) ? Take(name, shape) : null;

    /// <summary>Marks a tensor as accounted for without reading it.</summary>
    public void Skip(string name) => _used.Add(name);

    /// <summary>A linear layer, its weight packed straight from the file; null, with faults, where weight or bias do not fit.</summary>
    /// <param name="kernels">Makes the layer.</param>
    /// <param name="role">What it is for.</param>
    /// <param name="weightName">Key of the weight.</param>
    /// <param name="biasName">Key of the bias, [out]; null for none.</param>
    /// <param name="layout">Which way round the weight is stored.</param>
    /// <param name="inFeatures">Width of the input.</param>
    /// <param name="outFeatures">Width of the output.</param>
    /// <param name="shape">The weight's shape where it is not the two widths: a convolution's.</param>
    public virtual LinearLayer? Linear(KernelSet kernels, LinearRole role, string weightName, string? biasName, WeightLayout layout, int inFeatures, int outFeatures, params ReadOnlySpan<int> shape)
    {
        if (FindPacked(weightName, inFeatures, outFeatures) is { } packed)
            return biasName is null ? kernels.Linear(packed, null, role) : Take(biasName, outFeatures) is { } offsets ? kernels.Linear(packed, offsets, role) : null;
        if (shape.IsEmpty)
            shape = layout == WeightLayout.OutIn ? [outFeatures, inFeatures] : [inFeatures, outFeatures];
        var stored = Find(weightName, shape);
        var bias = biasName is null ? null : Take(biasName, outFeatures);
        if (stored is null || (biasName is not null && bias is null))
            return null;
        return Create(kernels, role, weightName, Read(stored), layout, bias, inFeatures, outFeatures);
    }

    /// <summary>
    /// Linear layers [out, in] that take the same input, as one whose outputs follow each other; null, with faults, where a weight or bias does not fit.
    /// </summary>
    /// <param name="kernels">Makes the layer.</param>
    /// <param name="role">What it is for.</param>
    /// <param name="prefix">Of the names.</param>
    /// <param name="names">The layers; their keys end in <c>.weight</c> and <c>.bias</c>.</param>
    /// <param name="hasBias">Whether they have biases.</param>
    /// <param name="inFeatures">Width of the input.</param>
    /// <param name="outFeatures">Width of the output of each.</param>
    public virtual LinearLayer? Stacked(KernelSet kernels, LinearRole role, string prefix, ReadOnlySpan<string> names, bool hasBias, int inFeatures, int outFeatures)
    {
        var name = $"{prefix}{string.Join('_', names)}.weight";
        var packed = FindPacked(name, inFeatures, names.Length * outFeatures);
        var size = inFeatures * outFeatures;
        var weight = new float[packed is null ? names.Length * size : 0];
        var bias = hasBias ? new float[names.Length * outFeatures] : null;
        var complete = true;
        for (var i = 0; i < names.Length; i++)
        {
            if (packed is not null)
                Skip($"{prefix}{names[i]}.weight");
            else if (Find($"{prefix}{names[i]}.weight", [outFeatures, inFeatures]) is { } stored)
                Read(stored).CopyTo(weight.AsSpan(i * size));
            else
                complete = false;
            if (bias is not null && Take($"{prefix}{names[i]}.bias", outFeatures) is { } offsets)
                offsets.CopyTo(bias, i * outFeatures);
            else
                complete &= bias is null;
        }

        if (!complete)
            return null;
        return packed is not null
            ? kernels.Linear(packed, bias, role)
            : Create(kernels, role, name, weight, WeightLayout.OutIn, bias, inFeatures, names.Length * outFeatures);
    }

    /// <summary>Makes a layer of weights that were found.</summary>
    protected virtual LinearLayer Create(KernelSet kernels, LinearRole role, string name, ReadOnlySpan<float> weight, WeightLayout layout, float[]? bias, int inFeatures, int outFeatures) =>
        kernels.Linear(weight, layout, bias, inFeatures, outFeatures, role);

    private PackedWeights? FindPacked(string name, int inFeatures, int outFeatures)
    {
        if (_source is null)
            return null;
        var packed = PackedCheckpoint.Find(_source, name, inFeatures, outFeatures, out var fault);
        if (packed is not null || fault is not null)
            _used.UnionWith(PackedCheckpoint.Names(name));
        if (fault is not null)
            _faults.Add(fault);
        return packed;
    }

    /// <summary>Throws if anything is missing or misshapen; the line lists those and what was left over.</summary>
    public void ThrowIfFaulty(string where)
    {
        if (_faults.Count == 0)
            return;
        var surplus = Surplus.ToList();
        var rest = surplus.Count == 0 ? "" : $"; not used: {string.Join(", ", surplus.Take(20).Select(n => $"'{n}'"))}{(surplus.Count > 20 ? $" and {surplus.Count - 20} more" : "")}";
        throw new CheckpointException($"{where}: {_faults.Count} tensors do not fit: {string.Join("; ", _faults)}{rest}.");
    }

    private ReadOnlySpan<float> Read(TensorInfo stored) =>
        stored.DType == TensorDType.F32 ? MemoryMarshal.Cast<byte, float>(_source!.GetBytes(stored.Name)) : _source!.ReadSingles(stored.Name);

    private TensorInfo? Find(string name, ReadOnlySpan<int> shape)
    {
        _used.Add(name);
        var expected = $"[{string.Join(", ", shape.ToArray())}]";
        if (!_stored.TryGetValue(name, out var stored))
        {
            _faults.Add($"'{name}' {expected} is missing");
            return null;
        }

        var info = _source!.Find(stored);
        if (info.Shape.SequenceEqual(shape.ToArray().Select(size => (long)size)))
            return info;
        _faults.Add($"'{stored}' is {info.ShapeText}; config.json needs {expected}");
        return null;
    }
}
