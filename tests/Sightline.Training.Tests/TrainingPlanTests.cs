namespace Sightline.Training.Tests;

public sealed class TrainingPlanTests
{
    [Fact]
    public void Plan_ModelCard_HasItsStepsAndEpochs()
    {
        var plan = new TrainingPlan(Presets.VizWiz, 117_155);
        Assert.Equal((14_645, 43_935, 3), (plan.StepsPerEpoch, plan.TotalSteps, plan.Epochs));
        // The epoch column of the card's table.
        foreach (var (step, epoch) in new[] { (1000, 0.07), (2000, 0.14), (3000, 0.2), (14000, 0.96), (15000, 1.02), (43000, 2.94) })
            Assert.Equal(epoch, IO.PythonNumber.Round((double)step / plan.MicroBatchesPerEpoch, 2));
        Assert.Equal(2e-5, plan.Schedule.At(0));
        Assert.Equal(0, plan.Schedule.At(43_935));
    }

    [Theory]
    [InlineData(42, 8, 1, AccumulationLeftover.Step, 6, 6, 18)]
    [InlineData(42, 2, 4, AccumulationLeftover.Step, 21, 6, 18)]
    [InlineData(42, 2, 4, AccumulationLeftover.Carry, 21, 5, 15)]
    [InlineData(5, 2, 4, AccumulationLeftover.Carry, 3, 1, 3)]
    [InlineData(5, 2, 4, AccumulationLeftover.Step, 3, 1, 3)]
    public void Plan_Accumulation_CountsUpdates(int examples, int batch, int accumulation, AccumulationLeftover leftover, int batches, int steps, int total)
    {
        var plan = new TrainingPlan(new TrainingArguments { PerDeviceTrainBatchSize = batch, GradientAccumulationSteps = accumulation, AccumulationLeftover = leftover }, examples);
        Assert.Equal((batches, steps, total), (plan.MicroBatchesPerEpoch, plan.StepsPerEpoch, plan.TotalSteps));
    }

    [Fact]
    public void Plan_MaxStepsWarmupAndFractions_FollowTransformers()
    {
        var arguments = new TrainingArguments { MaxSteps = 50, WarmupRatio = 0.11 };
        var plan = new TrainingPlan(arguments, 42);
        Assert.Equal((50, 9, 400L), (plan.TotalSteps, plan.Epochs, plan.ExamplesSeen));
        Assert.Equal(6, plan.Schedule.WarmupSteps); // ceil(5.5)
        Assert.Equal(3, new TrainingPlan(arguments with { WarmupSteps = 3 }, 42).Schedule.WarmupSteps);
        var half = new TrainingPlan(new TrainingArguments { NumTrainEpochs = 1.5 }, 42);
        Assert.Equal((9, 2), (half.TotalSteps, half.Epochs));
    }

    [Theory]
    [InlineData(1, 14_645, 43_935)]
    [InlineData(2, 7_323, 21_969)]
    [InlineData(4, 3_662, 10_986)]
    [InlineData(8, 1_831, 5_493)]
    public void Plan_ModelCardOverRanks_DividesTheSteps(int ranks, int steps, int total)
    {
        var plan = new TrainingPlan(Presets.VizWiz, 117_155, ranks);
        Assert.Equal((steps, total, 3), (plan.StepsPerEpoch, plan.TotalSteps, plan.Epochs));
    }

    [Fact]
    public void Plan_NoExamples_IsRefused() =>
        Assert.Contains("no examples", Assert.Throws<ConfigurationException>(() => new TrainingPlan(new TrainingArguments(), 0)).Message, StringComparison.Ordinal);
}
