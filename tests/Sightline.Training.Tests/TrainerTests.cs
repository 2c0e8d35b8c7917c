using Sightline.Tests;
using Sightline.Training.Checkpointing;
using Sightline.Training.Modeling;
using TorchSharp;

namespace Sightline.Training.Tests;

public sealed class TrainerTests
{
    private const double Rounding = 2e-5; // Adam's first steps turn small differences into larger ones

    [Fact]
    public void Train_AccumulationByTokens_EqualsTheLargeBatch()
    {
        var large = Weights(Arguments with { PerDeviceTrainBatchSize = 8 });
        var small = Weights(Arguments with { PerDeviceTrainBatchSize = 2, GradientAccumulationSteps = 4 });
        var means = Weights(Arguments with { PerDeviceTrainBatchSize = 2, GradientAccumulationSteps = 4, AccumulationNormalization = AccumulationNormalization.MicroBatchMeans });
        var (same, other) = (0f, 0f);
        foreach (var (name, values) in large)
        {
            for (var i = 0; i < values.Length; i++)
            {
                if (GoldenRun.IsNoise(name, i, values.Length))
                    continue;
                same = Math.Max(same, Math.Abs(values[i] - small[name][i]));
                other = Math.Max(other, Math.Abs(values[i] - means[name][i]));
            }
        }

        Assert.InRange(same, 0, Rounding);
        Assert.True(other > 20 * Rounding, $"means of micro-batches differ by {other} only: the test shows nothing");
    }

    [Fact]
    public void Train_LeftoverStep_TakesASmallerUpdateAtTheEpochsEnd()
    {
        var recorder = new Recorder();
        Weights(Arguments with { PerDeviceTrainBatchSize = 2, GradientAccumulationSteps = 4, MaxSteps = -1, NumTrainEpochs = 2 }, recorder);
        Assert.Equal(12, recorder.Steps.Count); // 21 micro-batches: five updates of 4 and one of 1, twice
        Assert.Equal([2, 2], recorder.Steps.Where((_, i) => i % 6 == 5).Select(step => step.Images));
        Assert.Equal(1.0, recorder.Steps[5].Epoch);
    }

    [Fact]
    public void Train_Frozen_ChangesOnlyTheRest()
    {
        using var before = GoldenRun.Model();
        var after = Weights(Arguments with { Freeze = ["encoder.*", "decoder.transformer.wpe.*"], WeightDecay = 0.1 });
        foreach (var (name, values) in after)
        {
            var frozen = name.StartsWith("encoder.", StringComparison.Ordinal) || name.Contains("wpe", StringComparison.Ordinal);
            Assert.True(frozen == values.AsSpan().SequenceEqual(before.ReadParameter(name)), name);
        }
    }

    [Fact]
    public void Train_Bf16_LearnsAsFp32DoesButCoarser()
    {
        var (exact, coarse) = (new Recorder(), new Recorder());
        var arguments = Arguments with { MaxSteps = 50, LearningRate = 1e-3 };
        var weights = Weights(arguments with { Bf16 = true }, coarse);
        Weights(arguments, exact);
        var (first, last) = (exact.MicroLosses[..5].Average(), exact.MicroLosses[^5..].Average());
        Assert.True(last < first - 0.5);
        Assert.Equal(first, coarse.MicroLosses[..5].Average(), 0.05);
        Assert.Equal(last, coarse.MicroLosses[^5..].Average(), 0.1);
        Assert.NotEqual(exact.MicroLosses[^1], coarse.MicroLosses[^1]);
        // The master weights are fp32: some have more bits than bf16 holds.
        Assert.Contains(weights["decoder.transformer.wte.weight"], value => (BitConverter.SingleToUInt32Bits(value) & 0xffff) != 0);
    }

    [Fact]
    public void Train_LossIsNotANumber_StopsWithStepIdsAndLastCheckpoint()
    {
        using var folder = new TemporaryFolder();
        using var model = GoldenRun.Model();
        var data = new FixtureData(Rows, 42)
        {
            Change = (epoch, index, batch) => epoch == 0 && index == 4 ? batch with { PixelValues = Enumerable.Repeat(float.NaN, batch.PixelValues.Length).ToArray() } : batch,
        };
        using var trainer = new Trainer(model, Arguments with { OutputDir = folder.Path, SaveStrategy = IntervalStrategy.Steps, SaveSteps = 2 }, data);
        var message = Assert.Throws<TrainingException>(() => trainer.Train()).Message;
        foreach (var part in new[] { "step 5", "the loss is NaN", $"row {Rows[32]}", "checkpoint-4" })
            Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.Equal(folder.File("checkpoint-4"), CheckpointFolders.FindLast(folder.Path));
        Assert.DoesNotContain(model.ReadParameter("decoder.transformer.ln_f.bias"), float.IsNaN);
    }

    [Fact]
    public void Train_OnlyPadding_SaysSo()
    {
        using var folder = new TemporaryFolder();
        using var model = GoldenRun.Model();
        var data = new FixtureData(Rows, 42) { Change = (_, _, batch) => batch with { Labels = Enumerable.Repeat(CaptionBatch.IgnoredLabel, batch.Labels.Length).ToArray() } };
        using var trainer = new Trainer(model, Arguments with { OutputDir = folder.Path }, data);
        Assert.Contains("every label is padding", Assert.Throws<TrainingException>(() => trainer.Train()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_CheckpointOfAnotherArchitecture_NamesTheTensorsInOneLine()
    {
        using var folder = new TemporaryFolder();
        var source = Fixture.Path("training", "hf_output", "checkpoint-25");
        foreach (var file in Directory.GetFiles(source))
            File.Copy(file, folder.File(Path.GetFileName(file)));
        File.Copy(Fixture.Path("checkpoints", "a-safetensors-fp32", "model.safetensors"), folder.File("model.safetensors"));
        using var model = GoldenRun.Model();
        using var trainer = new Trainer(model, Arguments with { OutputDir = folder.File("out") }, new FixtureData(Rows, 42));
        var message = Assert.Throws<CheckpointException>(() => trainer.Train(folder.Path)).Message;
        Assert.Contains("decoder.transformer.wte.weight", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData("optimizer.pt")]
    [InlineData("scheduler.pt")]
    [InlineData("rng_state.pth")]
    [InlineData("trainer_state.json")]
    [InlineData("pytorch_model.bin")]
    public void Train_DamagedCheckpoint_IsOneLineNamingTheFile(string name)
    {
        using var folder = new TemporaryFolder();
        var source = Fixture.Path("training", "hf_output", "checkpoint-25");
        var random = new Random(9);
        var refused = 0;
        for (var round = 0; round < 12; round++)
        {
            foreach (var file in Directory.GetFiles(source))
                File.Copy(file, folder.File(Path.GetFileName(file)), overwrite: true);
            var bytes = File.ReadAllBytes(Path.Combine(source, name));
            if (round % 3 == 0)
                bytes = bytes[..random.Next(bytes.Length)];
            else
            {
                for (var i = 0; i < 20; i++)
                    bytes[random.Next(Math.Min(bytes.Length, round % 3 == 1 ? 300 : bytes.Length))] = (byte)random.Next(256);
            }

            File.WriteAllBytes(folder.File(name), bytes);
            using var model = GoldenRun.Model();
            using var trainer = new Trainer(model, Arguments with { OutputDir = folder.File("out"), MaxSteps = 25, SaveStrategy = IntervalStrategy.No }, new FixtureData(Rows, 42));
            try
            {
                trainer.Train(folder.Path);
            }
            catch (SightlineException e)
            {
                refused++;
                Assert.DoesNotContain('\n', e.Message);
            }
        }

        Assert.InRange(refused, 4, 12); // every cut file, and damage that structure shows
    }

    [Fact]
    public void Train_DiskFull_KeepsTheLastCheckpointAndSaysSo()
    {
        using var folder = new TemporaryFolder();
        var disk = SmallDisk.TryMount(folder.File("disk"), megabytes: 1);
        Assert.SkipWhen(disk is null, "a small file system cannot be mounted here");
        using (disk)
        {
            using var model = GoldenRun.Model();
            using var trainer = new Trainer(model, Arguments with { OutputDir = folder.File("disk", "out"), SaveStrategy = IntervalStrategy.Steps, SaveSteps = 1 }, new FixtureData(Rows, 42));
            var message = Assert.Throws<TrainingException>(() => trainer.Train()).Message;
            Assert.Contains("the checkpoint cannot be written", message, StringComparison.Ordinal);
            Assert.Contains("The last good checkpoint is", message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', message);
            var last = CheckpointFolders.FindLast(folder.File("disk", "out"));
            Assert.NotNull(last);
            using var again = TrainableModel.Load(last);
            Assert.Empty(Directory.GetDirectories(folder.File("disk", "out"), ".tmp*"));
        }
    }

    [Fact]
    public void Train_BestModelAndRotation_KeepTheBestAndTheNewest()
    {
        using var folder = new TemporaryFolder();
        using var model = GoldenRun.Model();
        var arguments = Arguments with
        {
            OutputDir = folder.Path,
            MaxSteps = 8,
            EvaluationStrategy = IntervalStrategy.Steps,
            EvalSteps = 2,
            SaveStrategy = IntervalStrategy.Steps,
            SaveSteps = 2,
            SaveTotalLimit = 1,
            LoadBestModelAtEnd = true,
            MetricForBestModel = "made_up",
            GreaterIsBetter = true,
        };
        var scores = new Queue<double>([0.2, 0.9, 0.3, 0.4]);
        var recorder = new Recorder();
        using var trainer = new Trainer(model, arguments, new FixtureData(Rows, 42), GoldenRun.EvaluationData(), [recorder]) { Scorer = _ => [("made_up", scores.Dequeue())] };
        trainer.Train();
        Assert.Equal(0.9, trainer.State.BestMetric);
        Assert.Equal(folder.File("checkpoint-4"), trainer.State.BestModelCheckpoint);
        Assert.Equal([folder.File("checkpoint-4"), folder.File("checkpoint-8")], CheckpointFolders.List(folder.Path));
        Assert.Equal(4, recorder.Saves.Count);
        using var best = TrainableModel.Load(folder.File("checkpoint-4"));
        Assert.Equal(best.ReadParameter("decoder.transformer.ln_f.bias"), model.ReadParameter("decoder.transformer.ln_f.bias"));
    }

    [Fact]
    public void Train_EarlyStopping_EndsAfterThePatience()
    {
        using var folder = new TemporaryFolder();
        using var model = GoldenRun.Model();
        var arguments = Arguments with
        {
            OutputDir = folder.Path,
            MaxSteps = 20,
            EvaluationStrategy = IntervalStrategy.Steps,
            EvalSteps = 1,
            SaveStrategy = IntervalStrategy.Steps,
            SaveSteps = 1,
            EarlyStoppingPatience = 3,
            MetricForBestModel = "made_up",
        };
        var scores = new Queue<double>([5, 3, 4, 2.5, 3, 3, 3, 1]);
        using var trainer = new Trainer(model, arguments with { GreaterIsBetter = false }, new FixtureData(Rows, 42), GoldenRun.EvaluationData()) { Scorer = _ => [("made_up", scores.Dequeue())] };
        var result = trainer.Train();
        Assert.Equal(7, result.State.GlobalStep);
        Assert.True(result.StoppedEarly);
    }

    [Fact]
    public void Train_ByEpochs_LogsEvaluatesAndSavesAtTheirEnds()
    {
        using var folder = new TemporaryFolder();
        using var model = GoldenRun.Model();
        var recorder = new Recorder();
        var arguments = Arguments with
        {
            OutputDir = folder.Path,
            MaxSteps = -1,
            NumTrainEpochs = 2,
            LoggingStrategy = IntervalStrategy.Epoch,
            EvaluationStrategy = IntervalStrategy.Epoch,
            SaveStrategy = IntervalStrategy.Epoch,
        };
        using var trainer = new Trainer(model, arguments, new FixtureData(Rows, 42), GoldenRun.EvaluationData(), [recorder]);
        trainer.Train();
        Assert.Equal(["loss", "eval_loss", "loss", "eval_loss", "train_runtime"], recorder.Rows.Select(row => row.First().Key));
        Assert.Equal([folder.File("checkpoint-6"), folder.File("checkpoint-12")], CheckpointFolders.List(folder.Path));
        Assert.Equal([(6, false), (6, true), (12, false), (12, true)], trainer.Losses.Select(row => (row.Step, row.IsEvaluation)));
        Assert.True(trainer.Losses[^1].Losses.Masked < trainer.Losses[1].Losses.Masked);
        Assert.All(trainer.Losses, row => Assert.NotEqual(row.Losses.Pad, row.Losses.Masked));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Train_500Steps_KeepsTheNumberOfTensorsAndMemoryFlat(bool recompute, bool bf16)
    {
        using var folder = new TemporaryFolder();
        using var model = DropoutModel.Load();
        var counts = new List<(long Tensors, long Bytes)>();
        var counter = new Counter(step =>
        {
            if (step % 50 != 0)
                return;
            GC.Collect();
            GC.WaitForPendingFinalizers();
            using var process = System.Diagnostics.Process.GetCurrentProcess();
            counts.Add((DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, process.WorkingSet64));
        });
        var arguments = Arguments with { OutputDir = folder.Path, MaxSteps = 500, LoggingSteps = 10, EvaluationStrategy = IntervalStrategy.Steps, EvalSteps = 100, GradientCheckpointing = recompute, Bf16 = bf16 };
        using var trainer = new Trainer(model, arguments, new FixtureData(Rows, 42), GoldenRun.EvaluationData(), [counter]);
        trainer.Train();
        Assert.Equal(10, counts.Count);
        Assert.Single(counts.Select(count => count.Tensors).Distinct());
        Assert.InRange(counts[^1].Bytes - counts[2].Bytes, long.MinValue, 32L << 20);
    }

    [Fact]
    public void Trainer_ThingsThatDoNotGoTogether_AreRefusedAtTheStart()
    {
        using var model = GoldenRun.Model();
        var data = new FixtureData(Rows, 42);
        Assert.Contains("evaluation data", Assert.Throws<ConfigurationException>(() => new Trainer(model, Arguments with { EvaluationStrategy = IntervalStrategy.Epoch }, data)).Message, StringComparison.Ordinal);
        Assert.Contains("CUDA", Assert.Throws<ConfigurationException>(() => new Trainer(model, Arguments with { Fp16 = true }, data)).Message, StringComparison.Ordinal);
        Assert.Contains("learning_rate", Assert.Throws<ConfigurationException>(() => new Trainer(model, Arguments with { LearningRate = double.NaN }, data)).Message, StringComparison.Ordinal);
        Assert.Throws<ConfigurationException>(() => new Trainer(model, Arguments, new FixtureData([], 0)));
        using var trainer = new Trainer(model, Arguments, data);
        Assert.Throws<TrainingException>(() => trainer.Evaluate());
        Assert.Contains("no such checkpoint", Assert.Throws<TrainingException>(() => trainer.Train("/nowhere/checkpoint-1")).Message, StringComparison.Ordinal);
    }

    private static int[] Rows => [.. new GoldenRun("adam-warmup0-pad").Numbers("sample_order").Select(row => (int)row)];

    private static TrainingArguments Arguments => new() { MaxSteps = 5, LearningRate = 1e-3, SaveStrategy = IntervalStrategy.No };

    private static Dictionary<string, float[]> Weights(TrainingArguments arguments, params TrainerCallback[] callbacks)
    {
        using var folder = new TemporaryFolder();
        using var model = GoldenRun.Model();
        using var trainer = new Trainer(model, arguments with { OutputDir = folder.Path }, new FixtureData(Rows, 42), GoldenRun.EvaluationData(), callbacks);
        trainer.Train();
        return model.ParameterNames.ToDictionary(name => name, model.ReadParameter);
    }

    private sealed class Counter(Action<int> count) : TrainerCallback
    {
        public override void StepEnd(StepInfo info) => count(info.Step);
    }
}
