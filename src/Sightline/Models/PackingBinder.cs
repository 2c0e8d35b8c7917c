using Sightline.Checkpoints;
using Sightline.Kernels;

namespace Sightline.Models;

/// <summary>
/// Packs every weight that the model asks for and keeps what <see cref="PackedCheckpoint"/> stores, in the order of the model. Nothing can be
/// computed with the layers that it gives.
/// </summary>
internal sealed class PackingBinder(TensorSource source, WeightFormat format) : WeightBinder(source)
{
    /// <summary>What to store.</summary>
    public List<TensorData> Tensors { get; } = [];

    public override float[]? Take(string name, params ReadOnlySpan<int> shape)
    {
        var sizes = shape.ToArray().Select(size => (long)size).ToArray();
        var values = base.Take(name, shape);
        if (values is not null)
            Tensors.Add(TensorData.FromSingles(name, sizes, values));
        return values;
    }

    protected override LinearLayer Create(KernelSet kernels, LinearRole role, string name, ReadOnlySpan<float> weight, WeightLayout layout, float[]? bias, int inFeatures, int outFeatures)
    {
        var packed = WeightPacker.Pack(format, role, weight, layout, inFeatures, outFeatures);
        Tensors.AddRange(PackedCheckpoint.Tensors(name, packed));
        return new ReferenceLinear([], null, inFeatures, outFeatures);
    }
}
