using System.Numerics;
using System.Text;
using Sightline.Checkpoints;
using Sightline.Checkpoints.Pickle;
using Xunit;

namespace Sightline.Tests.Checkpoints;

public sealed class PickleTests
{
    private static readonly object?[] s_values =
    [
        null, true, false, 0L, 255L, 256L, 65535L, 65536L, -1L, (long)int.MinValue, (long)int.MaxValue, 2147483648L, long.MinValue, long.MaxValue,
        BigInteger.Pow(2, 63), BigInteger.Parse("119547037146038801333356"), -BigInteger.Pow(2, 900), 0.0, -1.5, double.NaN, double.PositiveInfinity, "", "é€😀\n",
    ];

    [Fact]
    public void Write_PlainValues_ReadBackEqual()
    {
        foreach (var value in s_values)
            Assert.Equal(value, Read(PickleWriter.Write(value)));
        Assert.Equal(s_values, Assert.IsType<object?[]>(Read(PickleWriter.Write(s_values.ToArray()))));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(1000)]
    [InlineData(1001)]
    [InlineData(2000)]
    public void Write_ListsAndDicts_ReadBackEqual(int count)
    {
        var list = Enumerable.Range(0, count).Select(i => (object?)(long)i).ToList();
        var dictionary = new PickleDictionary();
        foreach (var i in list)
            dictionary.Set(i!, $"v{i}");
        var pair = Assert.IsType<object?[]>(Read(PickleWriter.Write(new object?[] { list, dictionary })));
        Assert.Equal(list, Assert.IsType<List<object?>>(pair[0]));
        Assert.Equal(dictionary.Entries, Assert.IsType<PickleDictionary>(pair[1]).Entries);
    }

    [Fact]
    public void Write_SharedAndCyclicValues_KeepTheirIdentity()
    {
        var shared = new List<object?> { 1L };
        var cycle = new List<object?> { shared, shared };
        cycle.Add(cycle);
        var read = Assert.IsType<List<object?>>(Read(PickleWriter.Write(cycle)));
        Assert.Same(read[0], read[1]);
        Assert.Same(read, read[2]);
    }

    // Bytes of CPython 3.11: pickle.dumps(value, protocol).
    [Theory]
    [InlineData("800258010000006171002e", "a")]
    [InlineData("8004950500000000000000" + "8c0161942e", "a")]
    [InlineData("80028a050000008000" + "2e", 2147483648L)]
    [InlineData("8002473ff80000000000002e", 1.5)]
    [InlineData("80048c0161942e", "a")]
    [InlineData("8002550161" + "2e", "a")]
    public void Read_BytesOfPython_GivesTheValue(string hex, object expected) => Assert.Equal(expected, Read(Convert.FromHexString(hex)));

    [Fact]
    public void Read_SeveralInARow_TellsWhereEachEnds()
    {
        byte[] first = PickleWriter.Write("one"), second = PickleWriter.Write(2L);
        var reader = new PickleReader("test", (byte[])[.. first, .. second, 9], new PickleGlobals());
        Assert.Equal("one", reader.Read());
        Assert.Equal(first.Length, reader.Position);
        Assert.Equal(2L, reader.Read());
        Assert.Equal(first.Length + second.Length, reader.Position);
    }

    [Fact]
    public void Read_AllowedObject_KeepsArgumentsAndState()
    {
        var globals = new PickleGlobals().AllowObject("some.module", "Thing");
        var pickle = Encoding.Latin1.GetBytes("\u0080\u0002csome.module\nThing\nK\u0005\u0085\u0081}X\u0001\0\0\0aK\u0007sb.");
        var thing = Assert.IsType<PickleObject>(new PickleReader("test", pickle, globals).Read());
        Assert.Equal("some.module.Thing", thing.ClassName);
        Assert.Equal([5L], thing.Arguments);
        Assert.True(Assert.IsType<PickleDictionary>(thing.State).TryGetValue("a", out var value));
        Assert.Equal(7L, value);
        Assert.Throws<CheckpointException>(() => new PickleReader("test", pickle, new PickleGlobals()).Read());
    }

    [Fact]
    public void Read_TrainerFiles_OpenWithALongerList()
    {
        var folder = Fixture.Path("training", "hf_output", "checkpoint-25");
        using (var scheduler = TorchArchive.Open(Path.Combine(folder, "scheduler.pt"), TorchGlobals.Create()))
        {
            var state = Assert.IsType<PickleDictionary>(scheduler.Root);
            Assert.True(state.TryGetValue("last_epoch", out var epoch));
            Assert.Equal(25L, epoch);
        }

        using (var optimizer = TorchArchive.Open(Path.Combine(folder, "optimizer.pt"), TorchGlobals.Create()))
        {
            Assert.True(Assert.IsType<PickleDictionary>(optimizer.Root).TryGetValue("state", out var state));
            Assert.True(Assert.IsType<PickleDictionary>(state).TryGetValue(0L, out var first));
            Assert.True(Assert.IsType<PickleDictionary>(first).TryGetValue("exp_avg", out var average));
            var tensor = Assert.IsType<TorchTensor>(average);
            Assert.Contains(optimizer.Read(tensor, (int)tensor.ElementCount * 4).ToArray(), b => b != 0);
        }

        var path = Path.Combine(folder, "training_args.bin");
        Assert.Contains("'transformers.training_args.TrainingArguments'", Assert.Throws<CheckpointException>(() => TorchArchive.Open(path, TorchGlobals.Create())).Message, StringComparison.Ordinal);
        var globals = TorchGlobals.Create().AllowObject("transformers.training_args", "TrainingArguments").AllowObject("torch", "device")
            .Allow("__builtin__", "getattr", (reader, arguments) => arguments is [PickleGlobal, string member] ? member : throw reader.Fail("getattr of something else"));
        foreach (var name in new[] { "IntervalStrategy", "SchedulerType", "HubStrategy" })
            globals.Allow("transformers.trainer_utils", name);
        globals.Allow("transformers.training_args", "OptimizerNames");
        using var arguments = TorchArchive.Open(path, globals);
        Assert.True(Assert.IsType<PickleDictionary>(Assert.IsType<PickleObject>(arguments.Root).State).TryGetValue("lr_scheduler_type", out var scheduling));
        Assert.Equal("LINEAR", scheduling);
    }

    private static object? Read(byte[] pickle) => new PickleReader("test", pickle, new PickleGlobals()).Read();
}
