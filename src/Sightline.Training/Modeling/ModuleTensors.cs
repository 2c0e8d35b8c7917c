using System.Runtime.InteropServices;
using Sightline.Checkpoints;

namespace Sightline.Training.Modeling;

/// <summary>The weights of a model in training as a checkpoint, read one by one so that no second copy of them all is made.</summary>
internal sealed class ModuleTensors(TrainableModel model) : TensorSource
{
    public override IReadOnlyDictionary<string, TensorInfo> Tensors { get; } = model.Module.named_parameters()
        .ToDictionary(p => p.name, p => new TensorInfo(p.name, TensorDType.F32, p.parameter.shape, "the model in training"));

    public override ReadOnlyMemory<byte> GetMemory(string name) =>
        MemoryMarshal.AsBytes(model.ReadParameter(Find(name).Name).AsSpan()).ToArray();

    protected override void Dispose(bool disposing)
    {
        // The model is not this class's own.
    }
}
