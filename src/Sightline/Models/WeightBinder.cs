using Sightline.Checkpoints;

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

    public virtual bool Has(string name) => _stored.ContainsKey(name);

    /// <summary>The tensor as floats; where it is missing or misshapen, a fault and null.</summary>
    public virtual float[]? Take(string name, params ReadOnlySpan<int> shape)
    {
        _used.Add(name);
        var expected = $"[{string.Join(", ", shape.ToArray())}]";
        if (!_stored.TryGetValue(name, out var stored))
        {
            _faults.Add($"'{name}' {expected} is missing");
            return null;
        }

        var info = _source!.Find(stored);
        if (info.Shape.Count != shape.Length || !info.Shape.SequenceEqual(shape.ToArray().Select(size => (long)size)))
        {
            _faults.Add($"'{stored}' is {info.ShapeText}; config.json needs {expected}");
            return null;
        }

        return _source.ReadSingles(stored);
    }

    /// <summary>The tensor where it is stored; null, without a fault, where it is not.</summary>
    public float[]? TakeOptional(string name, params ReadOnlySpan<int> shape) => Has(name) ? Take(name, shape) : null;

    /// <summary>Marks a tensor as accounted for without reading it.</summary>
    public void Skip(string name) => _used.Add(name);

    /// <summary>A GPT-2 <c>Conv1D</c> weight, stored [in, out], as [out, in].</summary>
    public float[]? TakeTransposed(string name, int inFeatures, int outFeatures) =>
        Take(name, inFeatures, outFeatures) is { } weight ? weight.Length == 0 ? weight : Transpose(weight, inFeatures, outFeatures) : null;

    /// <summary>Throws if anything is missing or misshapen; the line lists those and what was left over.</summary>
    public void ThrowIfFaulty(string where)
    {
        if (_faults.Count == 0)
            return;
        var surplus = Surplus.ToList();
        var rest = surplus.Count == 0 ? "" : $"; not used: {string.Join(", ", surplus.Take(20).Select(n => $"'{n}'"))}{(surplus.Count > 20 ? $" and {surplus.Count - 20} more" : "")}";
        throw new CheckpointException($"{where}: {_faults.Count} tensors do not fit: {string.Join("; ", _faults)}{rest}.");
    }

    private static float[] Transpose(float[] weight, int rows, int columns)
    {
        const int Block = 32; // two blocks of 4 KiB fit the first-level cache
        var result = new float[weight.Length];
        Parallel.For(0, (columns + Block - 1) / Block, blockColumn =>
        {
            for (var r0 = 0; r0 < rows; r0 += Block)
            {
                for (var c = blockColumn * Block; c < Math.Min(columns, (blockColumn + 1) * Block); c++)
                {
                    for (var r = r0; r < Math.Min(rows, r0 + Block); r++)
                        result[(long)c * rows + r] = weight[(long)r * columns + c];
                }
            }
        });
        return result;
    }
}
