using Sightline.Cli.Sharding;
using Xunit;

namespace Sightline.Cli.Tests.Sharding;

public sealed class ShardChoiceTests
{
    public static TheoryData<string?, string, string, string?> Choices() => new()
    {
        { null, "", "0/1", null },
        { "2/5", "OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=3", "2/5", "--shard" },
        { null, "OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=3", "1/3", "OMPI_COMM_WORLD_RANK" },
        { null, "OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=3 PMI_RANK=1 PMI_SIZE=3 SLURM_PROCID=1 SLURM_STEP_NUM_TASKS=3", "1/3", "OMPI_COMM_WORLD_RANK" },
        { null, "PMI_RANK=0 PMI_SIZE=2", "0/2", "PMI_RANK" },
        { null, "SLURM_PROCID=4 SLURM_STEP_NUM_TASKS=8", "4/8", "SLURM_PROCID" },
        { null, "SLURM_PROCID=0 SLURM_NTASKS=8", "0/1", null }, // a batch script outside of srun runs once
        { null, "SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_COUNT=10", "3/10", "SLURM_ARRAY_TASK_ID" },
        { null, "SLURM_ARRAY_TASK_ID=1 SLURM_ARRAY_TASK_COUNT=10 SLURM_ARRAY_TASK_MIN=1", "0/10", "SLURM_ARRAY_TASK_ID" },
        { null, "SLURM_ARRAY_TASK_ID=20 SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_MIN=10 SLURM_ARRAY_TASK_STEP=5", "2/3", "SLURM_ARRAY_TASK_ID" },
        { null, "SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_COUNT=10 SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=1", "3/10", "SLURM_ARRAY_TASK_ID" },
        { null, "SLURM_ARRAY_TASK_ID=0 SLURM_ARRAY_TASK_COUNT=1 PMI_RANK=1 PMI_SIZE=2", "1/2", "PMI_RANK" },
        { "auto/6", "JOB_COMPLETION_INDEX=5", "5/6", "JOB_COMPLETION_INDEX" },
    };

    [Theory]
    [MemberData(nameof(Choices))]
    public void Find_OptionAndVariables_GiveThePart(string? option, string variables, string shard, string? source)
    {
        var (found, from) = ShardChoice.Find(option, Variables(variables));
        Assert.Equal(shard, found.ToString());
        Assert.Equal(source, from);
    }

    public static TheoryData<string?, string, string> Faults() => new()
    {
        { "3/3", "", "i/n with i from 0 to n - 1" },
        { "-1/3", "", "i/n" },
        { "1", "", "i/n" },
        { "0/9999999", "", "i/n" },
        { "auto/0", "", "i/n" },
        { "auto/4", "", "no scheduler says" },
        { "auto/4", "JOB_COMPLETION_INDEX=4", "number 4 of 4" },
        { null, "JOB_COMPLETION_INDEX=1", "--shard auto/n" },
        { null, "OMPI_COMM_WORLD_RANK=3 OMPI_COMM_WORLD_SIZE=3", "number 3 of 3" },
        { null, "PMI_RANK=x PMI_SIZE=3", "PMI_RANK is 'x'" },
        { null, "SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_COUNT=2", "number 7 of 2" }, // an array such as 3,7 has gaps
        { null, "SLURM_ARRAY_TASK_ID=1 SLURM_ARRAY_TASK_COUNT=2 OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=2", "both divide the work" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Find_NotEnoughOrContradiction_SaysWhatToDo(string? option, string variables, string expected) =>
        Assert.Contains(expected, Assert.Throws<UsageException>(() => ShardChoice.Find(option, Variables(variables))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    public void Takes_AllParts_TakeEveryPositionOnce(int count)
    {
        for (var position = 0L; position < 50; position++)
            Assert.Single(Enumerable.Range(0, count), index => new Shard(index, count).Takes(position));
    }

    private static Func<string, string?> Variables(string text)
    {
        var variables = text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
        return name => variables.GetValueOrDefault(name);
    }
}
