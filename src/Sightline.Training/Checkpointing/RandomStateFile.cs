using System.Runtime.InteropServices;
using System.Text;
using Sightline.Checkpoints;
using Sightline.Checkpoints.Pickle;
using static TorchSharp.torch;

namespace Sightline.Training.Checkpointing;

/// <summary>
/// <c>rng_state.pth</c>: the states of the random generators. HF's Trainer reads the keys <c>python</c>, <c>numpy</c> and <c>cpu</c>; a further key, <c>sightline</c>,
/// holds what a bit-exact resume needs beside them, so that the folder has HF's files and no others.
/// </summary>
internal static class RandomStateFile
{
    public const string FileName = "rng_state.pth";

    private const string OwnKey = "sightline";
    private const int GeneratorBytes = 5056; // torch's CPU generator

    /// <summary>The file of one of several ranks. 4.17 counts ranks of a host, so that two hosts overwrite each other's files on a common disk; here ranks of the job.</summary>
    public static string NameOf(int rank, int worldSize) => worldSize == 1 ? FileName : $"rng_state_{rank}.pth";

    /// <summary>How many ranks saved a checkpoint.</summary>
    public static int CountRanks(string folder)
    {
        var count = 0;
        while (File.Exists(Path.Combine(folder, NameOf(count, int.MaxValue))))
            count++;
        return Math.Max(1, count);
    }

    public static void Save(string path, uint seed, RunProgress progress, TrainingStep step)
    {
        var writer = new TorchObjectWriter();
        var root = new PickleDictionary();
        root.Set("python", PythonRandom.Python(seed));
        root.Set("numpy", PythonRandom.Numpy(seed));
        byte[] state;
        using (var tensor = get_rng_state())
            state = tensor.bytes.ToArray();
        root.Set("cpu", writer.Tensor(TensorDType.U8, [state.Length], () => state));
        root.Set(OwnKey, Own(writer, progress, step));
        writer.Write(path, root);
    }

    /// <summary>Sets torch's generator and, where the file is one of ours, everything else.</summary>
    /// <returns>The progress; null for a checkpoint of HF's Trainer.</returns>
    /// <exception cref="TrainingException">The file does not hold these states.</exception>
    /// <exception cref="CheckpointException">The file is damaged.</exception>
    public static RunProgress? Load(string path, TrainingStep step)
    {
        using var archive = TorchArchive.Open(path, Globals());
        if (archive.Root is not PickleDictionary root || !root.TryGetValue("cpu", out var cpu) || cpu is not TorchTensor { Storage.DType: TensorDType.U8 } state || state.ElementCount != GeneratorBytes)
            throw new TrainingException($"{path}: no state of torch's generator in it ('cpu', {GeneratorBytes} bytes).");
        using (var tensor = zeros(GeneratorBytes, ScalarType.Byte))
        {
            archive.Read(state, GeneratorBytes).Span.CopyTo(tensor.bytes);
            set_rng_state(tensor);
        }

        return root.TryGetValue(OwnKey, out var own) && own is PickleDictionary values ? ReadOwn(new Reader(path, values), archive, step) : null;
    }

    private static PickleDictionary Own(TorchObjectWriter writer, RunProgress progress, TrainingStep step)
    {
        var own = new PickleDictionary();
        own.Set("version", 1L);
        own.Set("epoch", (long)progress.Epoch);
        own.Set("next_batch", (long)progress.NextBatch);
        own.Set("window_loss", (double)progress.WindowLoss);
        own.Set("total_loss", progress.TotalLoss);
        own.Set("last_logged_step", (long)progress.LastLoggedStep);
        own.Set("window_pad_sum", progress.Window.PadSum);
        own.Set("window_positions", progress.Window.Positions);
        own.Set("window_masked_sum", progress.Window.MaskedSum);
        own.Set("window_tokens", progress.Window.Tokens);
        own.Set("evaluations_without_gain", (long)progress.EvaluationsWithoutGain);
        own.Set("losses", progress.Losses
            .Select(row => (object?)new object?[] { (long)row.Step, row.IsEvaluation, row.Losses.Pad, row.Losses.Masked }).ToList());
        own.Set("examples_per_batch", (long)progress.ExamplesPerBatch);
        own.Set("step_offset", progress.StepOffset);
        own.Set("pending_batches", (long)step.PendingBatches);
        if (step.PendingBatches > 0)
        {
            own.Set("pending_count", step.PendingCount);
            own.Set("pending_unit", step.PendingUnit);
            own.Set("pending_loss", step.PendingLoss);
            foreach (var slot in step.Arena.Slots.Where(slot => slot.Trains))
                own.Set($"gradient.{slot.Name}", writer.Tensor(TensorDType.F32, slot.Shape, () => MemoryMarshal.AsBytes(step.Arena.ReadFlat(step.Arena.Gradients, slot).AsSpan()).ToArray()));
        }

        return own;
    }

    private static RunProgress ReadOwn(Reader own, TorchArchive archive, TrainingStep step)
    {
        if (own.Long("version") != 1)
            throw own.Fail("it was written by a newer version of Sightline");
        var progress = new RunProgress
        {
            Epoch = (int)own.Long("epoch"),
            NextBatch = (int)own.Long("next_batch"),
            WindowLoss = (float)own.Double("window_loss"),
            TotalLoss = own.Double("total_loss"),
            LastLoggedStep = (int)own.Long("last_logged_step"),
            Window = new LossSums(own.Double("window_pad_sum"), own.Long("window_positions"), own.Double("window_masked_sum"), own.Long("window_tokens")),
            EvaluationsWithoutGain = (int)own.Long("evaluations_without_gain"),
            ExamplesPerBatch = own.Value("examples_per_batch") is long and > 0 and <= int.MaxValue and var examples ? (int)examples : 1,
            StepOffset = own.Value("step_offset") is long offset && Math.Abs(offset) <= int.MaxValue ? offset : 0,
        };
        foreach (var row in own.List("losses"))
        {
            if (row is not object?[] { Length: 4 } parts || parts is not [long at, bool evaluation, double pad, double masked])
                throw own.Fail("'losses' has a row that is not (step, evaluation, pad, masked)");
            progress.Losses.Add(new LossRow((int)at, evaluation, new LossPair(pad, masked)));
        }

        step.PendingBatches = (int)own.Long("pending_batches");
        if (step.PendingBatches == 0)
            return progress;
        step.PendingCount = own.Long("pending_count");
        step.PendingUnit = own.Long("pending_unit");
        step.PendingLoss = own.Double("pending_loss");
        foreach (var slot in step.Arena.Slots.Where(slot => slot.Trains))
        {
            if (own.Value($"gradient.{slot.Name}") is not TorchTensor { Storage.DType: TensorDType.F32 } tensor || tensor.ElementCount != slot.Count)
                throw own.Fail($"the gradient of '{slot.Name}' does not fit");
            step.Arena.WriteFlat(step.Arena.Gradients, slot, MemoryMarshal.Cast<byte, float>(archive.Read(tensor, checked((int)(slot.Count * sizeof(float)))).Span));
        }

        return progress;
    }

    // What numpy's part of the file needs; each becomes plain data, nothing is run.
    private static PickleGlobals Globals() => TorchGlobals.Create()
        .AllowObject("numpy.core.multiarray", "_reconstruct")
        .AllowObject("numpy._core.multiarray", "_reconstruct")
        .Allow("numpy", "ndarray")
        .AllowObject("numpy", "dtype")
        .Allow("_codecs", "encode", (reader, arguments) =>
            arguments is [string text, "latin1"] && text.All(c => c <= 0xff) ? Encoding.Latin1.GetBytes(text) : throw reader.Fail("_codecs.encode is called with something other than a text and 'latin1'"));

    private sealed class Reader(string path, PickleDictionary values)
    {
        public TrainingException Fail(string problem) => new($"{path}: cannot be resumed from: {problem}.");

        public object? Value(string key) => values.TryGetValue(key, out var value) ? value : null;

        public long Long(string key) => Value(key) is long and >= 0 and var value ? value : throw Fail($"'{key}' is missing or not a count");

        public double Double(string key) => Value(key) is double value ? value : throw Fail($"'{key}' is missing or not a number");

        public List<object?> List(string key) => Value(key) as List<object?> ?? throw Fail($"'{key}' is missing or not a list");
    }
}
