using Sightline.Training.Modeling;
using TorchSharp;
using static TorchSharp.torch;

namespace Sightline.Training.Optimization;

/// <summary>
/// All trained parameters in one flat buffer and all their gradients in another, so that norm, clipping and the optimizer are single passes over memory. The
/// module's parameters become views; backward adds into the gradient buffer in place.
/// </summary>
/// <remarks>
/// The fp32 values are the master copy. Where the model computes in half precision or bf16, its parameters are views of a second buffer that follows the
/// master after each step. Offsets are multiples of 64 bytes; the gaps stay zero.
/// </remarks>
internal sealed class ParameterArena : IDisposable
{
    private const int Alignment = 16; // floats

    private readonly Tensor? _compute;

    public ParameterArena(TrainableModel model, IReadOnlyList<ParameterSlot> slots, ScalarType computeType = ScalarType.Float32)
    {
        Slots = slots;
        Offsets = new long[slots.Count];
        var total = 0L;
        foreach (var slot in slots.Where(s => s.Trains))
        {
            if (slot.Group == 1 && DecayedLength == 0)
                DecayedLength = total;
            Offsets[slot.Index] = total;
            total += (slot.Count + Alignment - 1) / Alignment * Alignment;
        }

        if (slots.All(s => !s.Trains || s.Group == 0))
            DecayedLength = total;
        Length = total;
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        Values = zeros(total, ScalarType.Float32, model.Device).DetachFromDisposeScope();
        Gradients = zeros(total, computeType, model.Device).DetachFromDisposeScope();
        var parameters = model.Module.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        foreach (var slot in slots.Where(s => s.Trains))
            Values.narrow(0, Offsets[slot.Index], slot.Count).copy_(parameters[slot.Name].reshape(-1));
        if (computeType != ScalarType.Float32)
        {
            _compute = Values.to(computeType).DetachFromDisposeScope();
            model.Module.to(computeType);
            parameters = model.Module.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        }

        foreach (var slot in slots)
        {
            var parameter = parameters[slot.Name];
            parameter.requires_grad = slot.Trains;
            if (!slot.Trains)
                continue;
            var shape = parameter.shape;
            parameter.set_((_compute ?? Values).narrow(0, Offsets[slot.Index], parameter.numel()).view(shape));
            parameter.grad = Gradients.narrow(0, Offsets[slot.Index], parameter.numel()).view(shape);
        }

        model.Arena = this;
    }

    /// <summary>Every parameter, by number.</summary>
    public IReadOnlyList<ParameterSlot> Slots { get; }

    /// <summary>Where each parameter begins, by number.</summary>
    public long[] Offsets { get; }

    /// <summary>Values in the buffer, gaps included.</summary>
    public long Length { get; }

    /// <summary>The first values, which weight decay applies to.</summary>
    public long DecayedLength { get; }

    /// <summary>[Length] fp32.</summary>
    public Tensor Values { get; }

    /// <summary>[Length] in the type that the model computes in.</summary>
    public Tensor Gradients { get; }

    /// <summary>[Length] what the model reads where that is not fp32; null otherwise.</summary>
    public Tensor? Compute => _compute;

    /// <summary>The fp32 values of a trained parameter, row-major; null for one that is not trained.</summary>
    public float[]? ReadMaster(string name) => Slots.FirstOrDefault(slot => slot.Name == name && slot.Trains) is { } slot ? ReadFlat(Values, slot) : null;

    /// <summary>The same as bytes, on the CPU without a copy; null for a parameter that is not trained.</summary>
    public ReadOnlyMemory<byte>? ReadMasterBytes(string name) => Slots.FirstOrDefault(slot => slot.Name == name && slot.Trains) is { } slot ? ReadBytes(Values, slot) : (ReadOnlyMemory<byte>?)null;

    /// <summary>Overwrites the master values of all trained parameters, and what the model reads.</summary>
    public void ReadFrom(IReadOnlyDictionary<string, float[]> values)
    {
        foreach (var slot in Slots.Where(slot => slot.Trains))
            WriteFlat(Values, slot, values[slot.Name]);
        using var noGradient = no_grad();
        _compute?.copy_(Values);
    }

    /// <summary>The part of a flat buffer that belongs to a parameter, as fp32.</summary>
    public float[] ReadFlat(Tensor flat, ParameterSlot slot)
    {
        using var part = flat.narrow(0, Offsets[slot.Index], slot.Count);
        return ModelWeights.Read(part);
    }

    /// <summary>The same as bytes; on the CPU without a copy, so that they must be used before the buffer changes.</summary>
    public ReadOnlyMemory<byte> ReadBytes(Tensor flat, ParameterSlot slot) => flat.device.type == DeviceType.CPU
        ? new Kernels.TensorMemory(flat.narrow(0, Offsets[slot.Index], slot.Count).DetachFromDisposeScope()).Memory
        : System.Runtime.InteropServices.MemoryMarshal.AsBytes(ReadFlat(flat, slot).AsSpan()).ToArray();

    /// <summary>Overwrites a parameter's part of a flat buffer.</summary>
    public void WriteFlat(Tensor flat, ParameterSlot slot, ReadOnlySpan<float> values)
    {
        using var part = flat.narrow(0, Offsets[slot.Index], slot.Count);
        ModelWeights.Write(part, values);
    }

    /// <summary>Sets all gradients to zero.</summary>
    public void ZeroGradients()
    {
        using var noGradient = no_grad();
        Gradients.zero_();
    }

    /// <summary>Releases the buffers; the module's parameters stay valid, since they share the memory.</summary>
    public void Dispose()
    {
        Values.Dispose();
        Gradients.Dispose();
        _compute?.Dispose();
    }
}
