using Sightline.Training.Optimization;

namespace Sightline.Training.Tests.Optimization;

public sealed class LearningRateScheduleTests
{
    [Theory]
    [InlineData(SchedulerKind.Linear, 0, 0)]
    [InlineData(SchedulerKind.Linear, 5, 0.5)]
    [InlineData(SchedulerKind.Linear, 10, 1)]
    [InlineData(SchedulerKind.Linear, 55, 0.5)]
    [InlineData(SchedulerKind.Linear, 100, 0)]
    [InlineData(SchedulerKind.Linear, 120, 0)]
    [InlineData(SchedulerKind.Cosine, 5, 0.5)]
    [InlineData(SchedulerKind.Cosine, 10, 1)]
    [InlineData(SchedulerKind.Cosine, 40, 0.75)] // a third of the way: (1 + cos 60°) / 2
    [InlineData(SchedulerKind.Cosine, 55, 0.5)]
    [InlineData(SchedulerKind.Cosine, 100, 0)]
    [InlineData(SchedulerKind.CosineWithRestarts, 5, 0.5)]
    [InlineData(SchedulerKind.CosineWithRestarts, 10, 1)]
    [InlineData(SchedulerKind.CosineWithRestarts, 40, 0.75)]
    [InlineData(SchedulerKind.CosineWithRestarts, 70, 0.25)] // two thirds: (1 + cos 120°) / 2
    [InlineData(SchedulerKind.CosineWithRestarts, 100, 0)]
    [InlineData(SchedulerKind.CosineWithRestarts, 120, 0)] // cosine would rise again after 100
    [InlineData(SchedulerKind.Constant, 0, 1)]
    [InlineData(SchedulerKind.Constant, 99, 1)]
    [InlineData(SchedulerKind.ConstantWithWarmup, 5, 0.5)]
    [InlineData(SchedulerKind.ConstantWithWarmup, 99, 1)]
    public void At_Step_FollowsTheShape(SchedulerKind kind, long step, double expected) =>
        Assert.Equal(3 * expected, new LearningRateSchedule(kind, 3, 10, 100).At(step), 1e-12);

    /// <summary>Hand-computed from <c>get_polynomial_decay_schedule_with_warmup</c> with 4.17's lr_end 1e-7 and power 1: (rate − end) · remaining + end.</summary>
    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 1.5e-6)] // the warm-up does not know of the end
    [InlineData(10, 3e-6)]
    [InlineData(40, 2.0333333333333333e-6)] // 2.9e-6 · 2/3 + 1e-7
    [InlineData(55, 1.55e-6)] // 2.9e-6 / 2 + 1e-7
    [InlineData(100, 1e-7)]
    [InlineData(101, 1e-7)]
    public void At_Polynomial_EndsAtItsEnd(long step, double expected) =>
        Assert.Equal(expected, new LearningRateSchedule(SchedulerKind.Polynomial, 3e-6, 10, 100).At(step), 1e-18);

    [Theory]
    [InlineData(SchedulerKind.Linear, 0)]
    [InlineData(SchedulerKind.CosineWithRestarts, 3)] // 4.17's progress is 0 / max(1, 0) here
    [InlineData(SchedulerKind.Polynomial, 1e-7)] // 4.17 divides by zero here
    [InlineData(SchedulerKind.ConstantWithWarmup, 3)]
    public void At_NothingButWarmup_EndsWithANumber(SchedulerKind kind, double expected) =>
        Assert.Equal(expected, new LearningRateSchedule(kind, 3, 100, 100).At(100), 1e-12);

    [Fact]
    public void Types_AreThoseOfTransformers417()
    {
        string[] names = ["linear", "cosine", "cosine_with_restarts", "polynomial", "constant", "constant_with_warmup"];
        Assert.Equal(names.Order(), Enum.GetValues<SchedulerKind>().Select(kind => ArgumentTable.NameOf(kind)).Order());
        Assert.All(names, name => Assert.Equal(name, new TrainingArguments().With("lr_scheduler_type", name).ToJson()["lr_scheduler_type"]!.GetValue<string>()));
        Assert.Equal("linear", new TrainingArguments().ToJson()["lr_scheduler_type"]!.GetValue<string>());
    }

    [Fact]
    public void Polynomial_RateNotAboveItsEnd_IsRefused()
    {
        var arguments = new TrainingArguments { LrSchedulerType = SchedulerKind.Polynomial, LearningRate = 1e-7 };
        Assert.Contains("learning_rate is 1E-07", Assert.Throws<ConfigurationException>(arguments.Validate).Message, StringComparison.Ordinal);
        (arguments with { LearningRate = 2e-7 }).Validate();
    }
}
