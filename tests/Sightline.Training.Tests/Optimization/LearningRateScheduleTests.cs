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
    [InlineData(SchedulerKind.Constant, 0, 1)]
    [InlineData(SchedulerKind.Constant, 99, 1)]
    [InlineData(SchedulerKind.ConstantWithWarmup, 5, 0.5)]
    [InlineData(SchedulerKind.ConstantWithWarmup, 99, 1)]
    public void At_Step_FollowsTheShape(SchedulerKind kind, long step, double expected) =>
        Assert.Equal(3 * expected, new LearningRateSchedule(kind, 3, 10, 100).At(step), 1e-12);
}
