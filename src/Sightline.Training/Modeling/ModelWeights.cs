using System.Runtime.InteropServices;
using Sightline.Models;
using static TorchSharp.torch;

namespace Sightline.Training.Modeling;

/// <summary>Copies weights between arrays and the module.</summary>
internal static class ModelWeights
{
    /// <summary>Whether the forward pass never reads the parameter, so that it has no gradient: the encoder's pooler.</summary>
    public static bool IsUnused(string name) => name.StartsWith("encoder.pooler.", StringComparison.Ordinal);

    /// <summary>Fills every parameter; a pooler that the checkpoint lacks becomes zero, since nothing reads it.</summary>
    public static void Load(CaptioningModule module, ModelCheckpoint checkpoint)
    {
        foreach (var (name, parameter) in module.named_parameters())
            Write(parameter, checkpoint.Parameters.TryGetValue(name, out var values) ? values : new float[parameter.numel()]);
    }

    /// <summary>The values of a tensor of any float type and device, row-major.</summary>
    public static float[] Read(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
    }

    /// <summary>Overwrites a tensor of any float type and device.</summary>
    public static void Write(Tensor tensor, ReadOnlySpan<float> values)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var source = empty(tensor.shape, ScalarType.Float32);
        MemoryMarshal.AsBytes(values).CopyTo(source.bytes);
        tensor.copy_(source);
    }
}
