using System.Runtime.InteropServices;
using Sightline.Checkpoints;
using Sightline.Models;
using Sightline.Training.Modeling;

namespace Sightline.Training.Checkpointing;

/// <summary>A checkpoint's weights and config.json, written without a second copy of the parameters.</summary>
internal static class WeightFiles
{
    private const string TokenTable = "decoder.transformer.wte.weight";
    private const string Head = "decoder.lm_head.weight";

    public static void Save(string folder, TrainableModel model, bool safetensors)
    {
        CheckpointWriter.Save(folder, Tensors(model, masks: !safetensors), new CheckpointSaveOptions
        {
            Format = safetensors ? CheckpointFormat.Safetensors : CheckpointFormat.PyTorchBin,
        });
        model.Config.Save(folder);
    }

    /// <summary>Puts a checkpoint's weights into the model, the master copy included.</summary>
    /// <exception cref="CheckpointException">They do not fit the model: all faults in one line.</exception>
    public static void Load(string folder, TrainableModel model)
    {
        using var source = Checkpoint.Open(folder);
        var checkpoint = new ModelCheckpoint(model.Config, ModelCheckpoint.Take(model.Config, new WeightBinder(source), folder));
        ModelWeights.Load(model.Module, checkpoint);
        model.Arena?.ReadFrom(checkpoint.Parameters);
    }

    // The order of 4.17's state dict: GPT-2's causal masks are buffers before the weights of each attention; a tied lm_head comes last.
    private static IEnumerable<TensorData> Tensors(TrainableModel model, bool masks)
    {
        var positions = model.Config.Decoder.NPositions;
        ReadOnlyMemory<byte> table = default;
        TensorData? tokens = null;
        foreach (var (name, parameter) in model.Module.named_parameters())
        {
            if (masks && name.EndsWith(".c_attn.weight", StringComparison.Ordinal))
            {
                var prefix = name[..^"c_attn.weight".Length];
                if (table.IsEmpty)
                    table = Causal(positions);
                yield return new TensorData(prefix + "bias", TensorDType.U8, [1, 1, positions, positions], table.ToArray());
                yield return new TensorData(prefix + "masked_bias", TensorDType.F32, [], MemoryMarshal.AsBytes(new[] { -1e4f }.AsSpan()).ToArray());
            }

            var bytes = model.Arena?.ReadMasterBytes(name) ?? MemoryMarshal.AsBytes(ModelWeights.Read(parameter).AsSpan()).ToArray();
            var tensor = new TensorData(name, TensorDType.F32, parameter.shape, bytes);
            if (name == TokenTable)
                tokens = tensor;
            yield return tensor;
        }

        if (model.Config.Decoder.TieWordEmbeddings)
            yield return tokens! with { Name = Head };
    }

    private static byte[] Causal(int positions)
    {
        var table = new byte[checked(positions * positions)];
        for (var row = 0; row < positions; row++)
            table.AsSpan(row * positions, row + 1).Fill(1);
        return table;
    }
}
