using Sightline.Checkpoints;
using Sightline.Checkpoints.Pickle;
using Sightline.Training.Optimization;
using static TorchSharp.torch;

namespace Sightline.Training.Checkpointing;

/// <summary><c>optimizer.pt</c>: what <c>optimizer.state_dict()</c> holds, under the numbers that HF's groups give the parameters.</summary>
internal static class OptimizerFile
{
    public const string FileName = "optimizer.pt";

    private const string FirstMoment = "exp_avg";
    private const string SecondMoment = "exp_avg_sq";

    public static void Save(string folder, AdamOptimizer optimizer, ParameterArena arena, TrainingArguments arguments, double learningRate)
    {
        var writer = new TorchObjectWriter();
        var state = new PickleDictionary();
        if (optimizer.StepCount > 0)
        {
            foreach (var slot in arena.Slots.Where(slot => slot.Trains))
            {
                var entry = new PickleDictionary();
                entry.Set("step", optimizer.StepCount);
                entry.Set(FirstMoment, Tensor(writer, arena, optimizer.Means, slot));
                entry.Set(SecondMoment, Tensor(writer, arena, optimizer.Squares, slot));
                state.Set((long)slot.Index, entry);
            }
        }

        var groups = new List<object?>();
        var betas = new object?[] { arguments.AdamBeta1, arguments.AdamBeta2 }; // one object in both groups, as in Python
        foreach (var group in new[] { 0, 1 })
        {
            var entry = new PickleDictionary();
            entry.Set("weight_decay", group == 0 ? arguments.WeightDecay : 0.0);
            entry.Set("lr", learningRate);
            entry.Set("betas", betas);
            entry.Set("eps", arguments.AdamEpsilon);
            if (arguments.Optim == OptimizerKind.AdamWHf)
                entry.Set("correct_bias", true);
            else
                entry.Set("amsgrad", false);
            entry.Set("initial_lr", arguments.LearningRate);
            entry.Set("params", arena.Slots.Where(slot => slot.Group == group).Select(slot => (object?)(long)slot.Index).ToList());
            groups.Add(entry);
        }

        var root = new PickleDictionary();
        root.Set("state", state);
        root.Set("param_groups", groups);
        writer.Write(Path.Combine(folder, FileName), root);
    }

    /// <summary>Fills the optimizer's buffers.</summary>
    /// <exception cref="TrainingException">The file is of another model, of other groups, or of parameters at different steps.</exception>
    /// <exception cref="CheckpointException">The file is damaged.</exception>
    public static void Load(string folder, AdamOptimizer optimizer, ParameterArena arena)
    {
        var path = Path.Combine(folder, FileName);
        using var archive = TorchArchive.Open(path, TorchGlobals.Create());
        if (archive.Root is not PickleDictionary root || !root.TryGetValue("state", out var stored) || stored is not PickleDictionary state)
            throw new TrainingException($"{path}: not an optimizer's state (a dict with 'state' and 'param_groups' was expected).");
        if (state.Count == 0)
        {
            optimizer.StepCount = 0;
            return;
        }

        long? steps = null;
        foreach (var slot in arena.Slots.Where(slot => slot.Trains))
        {
            if (!state.TryGetValue((long)slot.Index, out var value) || value is not PickleDictionary entry)
                throw new TrainingException($"{path}: no state for parameter {slot.Index} ('{slot.Name}'); was it frozen in that run, or is the model another one?");
            if (!entry.TryGetValue("step", out var step) || Steps(archive, step) is not { } count || (steps ??= count) != count)
                throw new TrainingException($"{path}: parameter {slot.Index} ('{slot.Name}') is not at the same step as the others ({steps}).");
            Read(FirstMoment, optimizer.Means);
            Read(SecondMoment, optimizer.Squares);

            void Read(string key, Tensor flat)
            {
                if (!entry.TryGetValue(key, out var found) || found is not TorchTensor { Storage.DType: TensorDType.F32 } tensor || tensor.ElementCount != slot.Count)
                    throw new TrainingException($"{path}: '{key}' of parameter {slot.Index} does not fit '{slot.Name}' [{string.Join(", ", slot.Shape)}]; is the model another one?");
                var bytes = archive.Read(tensor, checked((int)(tensor.ElementCount * sizeof(float))));
                arena.WriteFlat(flat, slot, System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes.Span));
            }
        }

        optimizer.StepCount = steps!.Value;
    }

    // torch before 1.12 stores an integer, later ones a tensor of one float.
    private static long? Steps(TorchArchive archive, object? step) => step switch
    {
        long value and > 0 => value,
        TorchTensor { ElementCount: 1, Storage.DType: TensorDType.F32 } tensor => (long)BitConverter.ToSingle(archive.Read(tensor, sizeof(float)).Span),
        _ => null,
    };

    private static object Tensor(TorchObjectWriter writer, ParameterArena arena, Tensor flat, ParameterSlot slot) =>
        writer.Tensor(TensorDType.F32, slot.Shape, () => arena.ReadBytes(flat, slot));
}
