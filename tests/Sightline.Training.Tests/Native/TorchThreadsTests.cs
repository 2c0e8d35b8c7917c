using TorchSharp;

namespace Sightline.Training.Tests.Native;

/// <summary>The number of threads belongs to a run: neither what came before nor the calling thread changes its bits.</summary>
public sealed class TorchThreadsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Train_OnAnotherThread_ComputesWithTheRunsNumberAndLeavesTheProcesss(int number)
    {
        var before = OnNewThread(torch.get_num_threads);
        Assert.NotEqual(number, before);
        var seen = new Seen();
        Train(number, 0, seen);
        Assert.Equal([number], seen.Numbers.Distinct());
        Assert.Equal(before, OnNewThread(torch.get_num_threads));
    }

    [Fact]
    public void Train_RunsSideBySide_EachHasItsNumberAndTheProcesssComesBack()
    {
        var before = OnNewThread(torch.get_num_threads);
        using var both = new Barrier(2);
        var seen = new[] { new Seen(both), new Seen(both) };
        var threads = seen.Select((callback, i) => new Thread(() => Train(i == 0 ? 1 : 3, 0, callback))).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        Assert.Equal([1], seen[0].Numbers.Distinct());
        Assert.Equal([3], seen[1].Numbers.Distinct());
        Assert.Equal(before, OnNewThread(torch.get_num_threads));
    }

    [Fact]
    public void Train_OnAThreadWithAnotherNumber_TakesTheProcesss()
    {
        var before = OnNewThread(torch.get_num_threads);
        var seen = new Seen();
        OnNewThread(() =>
        {
            Assert.Equal(before, torch.get_num_threads()); // from here on it has a number of its own
            torch.set_num_threads(1);
            OnNewThread(() =>
            {
                torch.set_num_threads(before);
                return 0;
            });
            Assert.Equal(1, torch.get_num_threads()); // a thread that was new while another run had set 1
            TrainHere(0, seen);
            return 0;
        });
        Assert.Equal([before], seen.Numbers.Distinct());
        Assert.Equal(before, OnNewThread(torch.get_num_threads));
    }

    [Fact]
    public void Train_SameNumber_GivesTheSameBitsWhateverTheThreadHadBefore()
    {
        var two = Train(2, had: 0);
        Assert.Equal(two, Train(2, had: 1));
        Assert.Equal(two, Train(2, had: 3));
        Assert.NotEqual(two, Train(1, had: 0)); // else equal bits show nothing
    }

    // On a thread that had another number before, and set the process's to it.
    private static float[] Train(int number, int had, TrainerCallback? callback = null) => OnNewThread(() =>
    {
        var before = torch.get_num_threads();
        if (had > 0)
            torch.set_num_threads(had);
        var weights = TrainHere(number, callback);
        if (had > 0)
            torch.set_num_threads(before);
        return weights;
    });

    private static float[] TrainHere(int number, TrainerCallback? callback)
    {
        using var folder = new TemporaryFolder();
        using var model = DropoutModel.Load();
        var arguments = new TrainingArguments { OutputDir = folder.Path, MaxSteps = 5, LearningRate = 1e-3, SaveStrategy = IntervalStrategy.No, Threads = number };
        using var trainer = new Trainer(model, arguments, new FixtureData(new GoldenRun("adam-warmup0-pad").TrainingData().Rows(), 42), callbacks: callback is null ? null : [callback]);
        trainer.Train();
        return model.ParameterNames.SelectMany(model.ReadParameter).ToArray();
    }

    private static T OnNewThread<T>(Func<T> work)
    {
        var result = default(T);
        Exception? error = null;
        var thread = new Thread(() =>
        {
            try
            {
                result = work();
            }
            catch (Exception e)
            {
                error = e;
            }
        });
        thread.Start();
        thread.Join();
        return error is null ? result! : throw new InvalidOperationException("the work on another thread failed", error);
    }

    private sealed class Seen(Barrier? together = null) : TrainerCallback
    {
        public List<int> Numbers { get; } = [];

        public override void StepEnd(StepInfo info)
        {
            together?.SignalAndWait();
            Numbers.Add(torch.get_num_threads());
            together?.SignalAndWait();
        }
    }
}
