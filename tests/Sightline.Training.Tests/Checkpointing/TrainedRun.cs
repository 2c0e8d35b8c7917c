namespace Sightline.Training.Tests.Checkpointing;

/// <summary>The output of the golden run <c>adam-warmup0-pad</c>, trained once for a class of tests.</summary>
public sealed class TrainedRun : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TrainedRun()
    {
        var run = new GoldenRun("adam-warmup0-pad");
        using var model = GoldenRun.Model();
        // The reference ran in its working folder: its paths are "out" and "out/runs".
        var previous = Environment.CurrentDirectory;
        Environment.CurrentDirectory = _folder.Path;
        try
        {
            var arguments = run.Arguments with { OutputDir = "out", SaveStrategy = IntervalStrategy.Steps, SaveSteps = 25 };
            using var trainer = new Trainer(model, arguments, run.TrainingData(), GoldenRun.EvaluationData());
            var result = trainer.Train();
            trainer.SaveResults(result);
            trainer.SaveResults(trainer.Evaluate());
            trainer.SaveCard(new ModelCards.TrainerCardOptions { ModelName = "tiny-vizwiz" });
        }
        finally
        {
            Environment.CurrentDirectory = previous;
        }
    }

    public string OutputDir => _folder.File("out");

    public void Dispose() => _folder.Dispose();
}
