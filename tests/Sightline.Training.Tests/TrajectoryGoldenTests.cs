using System.Text.Json.Nodes;

namespace Sightline.Training.Tests;

/// <summary>Every trajectory of the real 4.17 Trainer, step by step. Tolerances: recommended_tolerance of training/manifest.json.</summary>
/// <remarks>
/// clip0.25-masked amplifies the rounding of one gradient that is almost zero (crossattention.q_attn.weight[92]). Against a run in double precision the reference itself
/// is off by up to 2.4e-6 in the first 10 losses and 1.6e-5 later, always along that one weight; with fused kernels and fused multiply-add this library is off by
/// 5.7e-6 and 3.8e-5 the other way, together more than the tolerance. In 4.17's order of operations and portable arithmetic it is inside.
/// </remarks>
public sealed class TrajectoryGoldenTests
{
    private const double EarlyLossTolerance = 2e-6; // the first 10 steps
    private const double LossTolerance = 5e-5;
    private const double NormTolerance = 1e-3; // relative
    private const double RateTolerance = 1e-12;

    public static TheoryData<string> Names() => [.. GoldenRun.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Train_Case_FollowsTheReference(string name)
    {
        var run = new GoldenRun(name);
        using var folder = new TemporaryFolder();
        using var model = GoldenRun.Model();
        var recorder = new Recorder();
        using var trainer = new Trainer(model, run.Arguments with { OutputDir = folder.Path }, run.TrainingData(), GoldenRun.EvaluationData(), [recorder]);
        Assert.Equal(run.Expected["total_steps"]!.GetValue<int>(), trainer.Plan.TotalSteps);
        var result = trainer.Train();
        if (run.Expected["log_history"]!.AsArray()[^1]!["eval_loss"] is not null && run.Expected["log_history"]!.AsArray()[^2]!["train_loss"] is not null)
            trainer.Evaluate(); // this case evaluated once more at the end

        var losses = run.Numbers("micro_batch_losses");
        Assert.Equal(losses.Length, recorder.MicroLosses.Count);
        var early = 10 * run.Arguments.GradientAccumulationSteps;
        for (var i = 0; i < losses.Length; i++)
            Assert.True(Math.Abs(losses[i] - recorder.MicroLosses[i]) <= (i < early ? EarlyLossTolerance : LossTolerance), $"micro-batch {i}: loss {recorder.MicroLosses[i]:R}, expected {losses[i]:R}.");
        Assert.True(losses[^1] < losses[0] || name == "project-hparams-3epochs");

        var rates = run.Numbers("learning_rates");
        Assert.Equal(rates.Length, recorder.Steps.Count);
        for (var i = 0; i < rates.Length; i++)
            Assert.Equal(rates[i], recorder.Steps[i].LearningRate, RateTolerance);
        var norms = run.Numbers("grad_norms");
        for (var i = 0; i < norms.Length; i++)
            Assert.True(Math.Abs(norms[i] - recorder.Steps[i].GradientNorm) <= norms[i] * NormTolerance, $"step {i + 1}: gradient norm {recorder.Steps[i].GradientNorm:R}, expected {norms[i]:R}.");

        CheckLog(run.Expected["log_history"]!.AsArray(), trainer.State.LogHistory);
        Assert.Equal(run.Expected["train_loss"]!.GetValue<double>(), result.Metrics["train_loss"]!.GetValue<double>(), LossTolerance);
        Assert.InRange(run.CheckFinalWeights(model), 1000, int.MaxValue);
    }

    // Rows as trainer_state.json has them; the fixture leaves out times.
    private static void CheckLog(JsonArray expected, IList<JsonObject> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (var i = 0; i < expected.Count; i++)
        {
            var (want, have) = (expected[i]!.AsObject(), actual[i]);
            var timed = have.Select(pair => pair.Key).Where(key => !key.EndsWith("_runtime", StringComparison.Ordinal) && !key.EndsWith("_per_second", StringComparison.Ordinal));
            Assert.Equal(want.Select(pair => pair.Key).Order(StringComparer.Ordinal), timed.Order(StringComparer.Ordinal));
            foreach (var (key, value) in want)
            {
                var tolerance = key switch
                {
                    "loss" => 1.0001e-4, // rounded to 4 digits
                    "eval_loss" or "train_loss" => LossTolerance,
                    "learning_rate" => RateTolerance,
                    _ => 0,
                };
                Assert.True(Math.Abs(value!.GetValue<double>() - Number(have[key]!)) <= tolerance, $"row {i}: {key} is {have[key]}, expected {value}.");
            }
        }
    }

    private static double Number(JsonNode node) => node.AsValue().TryGetValue<int>(out var integer) ? integer : node.GetValue<double>();
}
