using System.Diagnostics;
using System.Text.Json.Nodes;
using Sightline.Tests;
using Sightline.Training.Checkpointing;
using Sightline.Training.Optimization;

namespace Sightline.Training.Tests.Checkpointing;

public sealed class ResumeTests
{
    private const string ChildFolder = "SIGHTLINE_TEST_CHILD_FOLDER";

    /// <summary>Shapes of a run that a resume must not disturb. 42 examples: 6 batches of 8, or 21 of 2, an epoch.</summary>
    private static readonly Dictionary<string, TrainingArguments> s_runs = new()
    {
        ["in the middle of an epoch"] = Arguments with { SaveSteps = 10 },
        ["at the end of an epoch"] = Arguments with { SaveSteps = 12 },
        ["in the middle of an epoch with accumulation"] = Arguments with { PerDeviceTrainBatchSize = 2, GradientAccumulationSteps = 4, SaveSteps = 10 },
        ["with gradients carried over the end of an epoch"] = Arguments with
        {
            PerDeviceTrainBatchSize = 2,
            GradientAccumulationSteps = 4,
            AccumulationLeftover = AccumulationLeftover.Carry,
            SaveStrategy = IntervalStrategy.Epoch,
        },
        ["with carried micro-batch means"] = Arguments with
        {
            PerDeviceTrainBatchSize = 2,
            GradientAccumulationSteps = 4,
            AccumulationLeftover = AccumulationLeftover.Carry,
            AccumulationNormalization = AccumulationNormalization.MicroBatchMeans,
            SaveStrategy = IntervalStrategy.Epoch,
        },
        ["in bf16"] = Arguments with { Bf16 = true, SaveSteps = 10 },
        ["as safetensors, frozen encoder, label smoothing"] = Arguments with { SaveSafetensors = true, SaveSteps = 10, Freeze = ["encoder.*"], LabelSmoothingFactor = 0.1 },
        ["with torch's AdamW and recomputed activations"] = Arguments with { Optim = OptimizerKind.AdamWTorch, WeightDecay = 0.05, GradientCheckpointing = true, SaveSteps = 10 },
    };

    public static TheoryData<string> Runs() => [.. s_runs.Keys];

    private static TrainingArguments Arguments => new()
    {
        MaxSteps = 20,
        LearningRate = 1e-3,
        LoggingSteps = 3,
        EvaluationStrategy = IntervalStrategy.Steps,
        EvalSteps = 7,
        WarmupSteps = 5,
    };

    [Theory]
    [MemberData(nameof(Runs))]
    public void Resume_AnyCheckpoint_GivesTheBitsOfAnUninterruptedRun(string name)
    {
        var arguments = s_runs[name];
        using var folder = new TemporaryFolder();
        var (straight, log) = Run(arguments with { OutputDir = folder.File("straight") }, null);
        var checkpoints = CheckpointFolders.List(folder.File("straight"));
        Assert.NotEmpty(checkpoints);
        foreach (var checkpoint in checkpoints.Where(path => !path.EndsWith("-20", StringComparison.Ordinal)))
        {
            var (resumed, resumedLog) = Run(arguments with { OutputDir = folder.File("resumed"), OverwriteOutputDir = true }, checkpoint);
            foreach (var (parameter, values) in straight)
                Assert.True(values.AsSpan().SequenceEqual(resumed[parameter]), $"{name}: {parameter} differs after resuming from {Path.GetFileName(checkpoint)}.");
            Assert.Equal(log, resumedLog);
        }
    }

    [Fact]
    public void Resume_DropoutOn_IsReallyRandomAndSeeded()
    {
        using var folder = new TemporaryFolder();
        var arguments = Arguments with { OutputDir = folder.Path, SaveStrategy = IntervalStrategy.No, MaxSteps = 3 };
        var first = Run(arguments, null).Weights;
        Assert.Equal(first["decoder.transformer.ln_f.bias"], Run(arguments, null).Weights["decoder.transformer.ln_f.bias"]);
        Assert.NotEqual(first["decoder.transformer.ln_f.bias"], Run(arguments with { Seed = 43 }, null).Weights["decoder.transformer.ln_f.bias"]);
    }

    [Fact]
    public void Resume_CheckpointOfTransformers_EndsWhereTheReferenceEnded()
    {
        var run = new GoldenRun("adam-warmup0-pad");
        using var folder = new TemporaryFolder();
        using var model = GoldenRun.Model();
        var recorder = new Recorder();
        using var trainer = new Trainer(model, run.Arguments with { OutputDir = folder.Path }, run.TrainingData(), GoldenRun.EvaluationData(), [recorder]);
        trainer.Train(Fixture.Path("training", "hf_output", "checkpoint-25"));

        Assert.Equal(25, recorder.Steps.Count);
        Assert.Equal(run.Numbers("learning_rates")[25..], recorder.Steps.Select(step => step.LearningRate));
        var losses = run.Numbers("micro_batch_losses")[25..];
        for (var i = 0; i < losses.Length; i++)
            Assert.Equal(losses[i], recorder.MicroLosses[i], 5e-5);
        Assert.InRange(run.CheckFinalWeights(model), 1000, int.MaxValue);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Resume_AfterKill_GivesTheBitsOfAnUninterruptedRun(int accumulation)
    {
        using var folder = new TemporaryFolder();
        var arguments = Arguments with { PerDeviceTrainBatchSize = 2, GradientAccumulationSteps = accumulation, SaveSteps = 5, LoggingSteps = 1 };
        var (straight, _) = Run(arguments with { OutputDir = folder.File("straight") }, null);

        var output = folder.File("killed");
        using (var child = StartChild(output, accumulation))
        {
            // The child marks each step; after step 12 it is killed somewhere in the next steps, in the middle of whatever it does.
            var marker = Path.Combine(output, "step-12");
            for (var i = 0; i < 600 && !File.Exists(marker) && !child.HasExited; i++)
                Thread.Sleep(50);
            Assert.True(File.Exists(marker), "the child process did not reach step 12");
            child.Kill(entireProcessTree: true); // SIGKILL
            child.WaitForExit();
            Assert.NotEqual(0, child.ExitCode);
        }

        var last = CheckpointFolders.FindLast(output);
        Assert.NotNull(last);
        Assert.EndsWith("checkpoint-10", last, StringComparison.Ordinal);
        var (resumed, _) = Run(arguments with { OutputDir = output, OverwriteOutputDir = true }, last);
        foreach (var (parameter, values) in straight)
            Assert.True(values.AsSpan().SequenceEqual(resumed[parameter]), $"{parameter} differs after the kill.");
    }

    /// <summary>Runs only in the process that <see cref="Resume_AfterKill_GivesTheBitsOfAnUninterruptedRun"/> starts; that process is killed.</summary>
    [Fact]
    public void Child_StartedByTheKillTest_TrainsUntilItIsKilled()
    {
        var output = Environment.GetEnvironmentVariable(ChildFolder);
        Assert.SkipWhen(string.IsNullOrEmpty(output), "part of the kill test, which starts it in a process of its own");
        var arguments = Arguments with
        {
            PerDeviceTrainBatchSize = 2,
            GradientAccumulationSteps = int.Parse(Environment.GetEnvironmentVariable(ChildFolder + "_ACCUMULATION")!, null),
            SaveSteps = 5,
            LoggingSteps = 1,
            OutputDir = output!,
        };
        using var model = DropoutModel.Load();
        using var trainer = new Trainer(model, arguments, Data(), GoldenRun.EvaluationData(), [new Marker(output!)]);
        trainer.Train();
        Assert.Fail("the child was to be killed before its end");
    }

    [Fact]
    public void FindLast_HalfWrittenCheckpoints_AreNotChosen()
    {
        using var folder = new TemporaryFolder();
        Run(Arguments with { OutputDir = folder.Path, MaxSteps = 2, SaveSteps = 2 }, null);
        Directory.CreateDirectory(folder.File(".tmp-checkpoint-9-0123"));
        File.WriteAllText(folder.File(".tmp-checkpoint-9-0123", "trainer_state.json"), "{}");
        Directory.CreateDirectory(folder.File("checkpoint-7")); // of another program, without a state
        Directory.CreateDirectory(folder.File("checkpoint-x"));
        Assert.Equal(folder.File("checkpoint-2"), CheckpointFolders.FindLast(folder.Path));

        Run(Arguments with { OutputDir = folder.Path, OverwriteOutputDir = true, MaxSteps = 3, SaveSteps = 3 }, folder.File("checkpoint-2"));
        Assert.False(Directory.Exists(folder.File(".tmp-checkpoint-9-0123"))); // the next save clears up
        Assert.Equal(folder.File("checkpoint-3"), CheckpointFolders.FindLast(folder.Path));
    }

    [Fact]
    public void Train_StoppedFromOutside_SavesAndResumesToTheBit()
    {
        using var folder = new TemporaryFolder();
        var arguments = Arguments with { SaveStrategy = IntervalStrategy.No };
        var (straight, _) = Run(arguments with { OutputDir = folder.File("straight") }, null);
        using var stop = new CancellationTokenSource();
        using (var model = DropoutModel.Load())
        {
            using var trainer = new Trainer(model, arguments with { OutputDir = folder.File("stopped") }, Data(), GoldenRun.EvaluationData(), [new Stopper(stop, 9)]);
            var result = trainer.Train(stop: stop.Token);
            Assert.True(result.StoppedEarly);
            Assert.Equal(folder.File("stopped", "checkpoint-9"), result.LastCheckpoint);
        }

        var (resumed, _) = Run(arguments with { OutputDir = folder.File("stopped"), OverwriteOutputDir = true }, folder.File("stopped", "checkpoint-9"));
        Assert.Equal(straight["decoder.transformer.wte.weight"], resumed["decoder.transformer.wte.weight"]);
    }

    [Fact]
    public void Train_OutputOfAnEarlierRun_IsNotOverwritten()
    {
        using var folder = new TemporaryFolder();
        var arguments = Arguments with { OutputDir = folder.Path, MaxSteps = 1, SaveSteps = 1 };
        Run(arguments, null);
        var error = Assert.Throws<ConfigurationException>(() => Run(arguments, null));
        Assert.Contains("checkpoint-1", error.Message, StringComparison.Ordinal);
    }

    private static FixtureData Data() => new(new GoldenRun("adam-warmup0-pad").TrainingData().Rows(), 42);

    private static (Dictionary<string, float[]> Weights, List<string> Log) Run(TrainingArguments arguments, string? from)
    {
        using var model = DropoutModel.Load();
        using var trainer = new Trainer(model, arguments, Data(), GoldenRun.EvaluationData());
        trainer.Train(from);
        var rows = trainer.State.LogHistory.Select(row =>
        {
            var copy = (JsonObject)row.DeepClone();
            foreach (var key in copy.Select(pair => pair.Key).Where(key => key.Contains("runtime", StringComparison.Ordinal) || key.Contains("per_second", StringComparison.Ordinal)).ToList())
                copy.Remove(key);
            return string.Join(", ", copy.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key} {double.Parse(pair.Value!.ToJsonString(), null):R}"));
        });
        return (model.ParameterNames.ToDictionary(name => name, model.ReadParameter), [.. rows]);
    }

    private static Process StartChild(string output, int accumulation)
    {
        Directory.CreateDirectory(output);
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { [ChildFolder] = output, [ChildFolder + "_ACCUMULATION"] = accumulation.ToString(null, null) },
        };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
            start.ArgumentList.Add(typeof(ResumeTests).Assembly.Location);
        foreach (var argument in new[] { "--filter-method", "*" + nameof(Child_StartedByTheKillTest_TrainsUntilItIsKilled) })
            start.ArgumentList.Add(argument);
        var child = Process.Start(start)!;
        child.BeginOutputReadLine();
        child.BeginErrorReadLine();
        return child;
    }

    private sealed class Marker(string folder) : TrainerCallback
    {
        public override void StepEnd(StepInfo info)
        {
            File.WriteAllText(Path.Combine(folder, $"step-{info.Step}"), "");
            if (info.Step >= 12)
                Thread.Sleep(200); // the parent must meet it before step 15
        }
    }

    private sealed class Stopper(CancellationTokenSource stop, int step) : TrainerCallback
    {
        public override void StepEnd(StepInfo info)
        {
            if (info.Step == step)
                stop.Cancel();
        }
    }
}
