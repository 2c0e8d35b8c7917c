using System.Runtime.InteropServices;
using Sightline.Checkpoints;
using Xunit;

namespace Sightline.Tests.Checkpoints;

public sealed class CheckpointWriterTests
{
    public static TheoryData<string> SafetensorsFiles() => Files("model*.safetensors");

    public static TheoryData<string> PlainDictFiles() =>
    [
        // Saved by 4.31 from a dict; 4.17 (other fixtures) saved an OrderedDict with version attributes, which is not written here.
        "checkpoints/b-bin-zip/pytorch_model.bin",
        "checkpoints/e-bin-fp16/pytorch_model.bin",
        "checkpoints/j-conflicting-lm-head/pytorch_model.bin",
        "checkpoints/d-bin-sharded/pytorch_model-00001-of-00003.bin",
        "checkpoints/d-bin-sharded/pytorch_model-00002-of-00003.bin",
        "checkpoints/d-bin-sharded/pytorch_model-00003-of-00003.bin",
    ];

    public static TheoryData<string> PyTorchFiles() => Files("pytorch_model*.bin");

    [Theory]
    [MemberData(nameof(SafetensorsFiles))]
    public void SafetensorsWriter_TensorsOfAFixture_GiveItsBytes(string file)
    {
        using var folder = new TemporaryFolder();
        using (var source = SafetensorsFile.Open(Fixture.Path(file)))
            SafetensorsWriter.Write(folder["out.safetensors"], Shuffle(source.ReadAll()), source.Metadata);
        Assert.Equal(File.ReadAllBytes(Fixture.Path(file)), File.ReadAllBytes(folder["out.safetensors"]));
    }

    [Theory]
    [MemberData(nameof(PlainDictFiles))]
    public void PyTorchWriter_TensorsOfAFixture_GiveItsBytes(string file)
    {
        using var folder = new TemporaryFolder();
        var copy = folder[Path.GetFileName(file)];
        using (var source = PyTorchFile.Open(Fixture.Path(file)))
            PyTorchWriter.Write(copy, source.ReadAll());
        Assert.Equal(File.ReadAllBytes(Fixture.Path(file)), File.ReadAllBytes(copy));
    }

    [Theory]
    [MemberData(nameof(PyTorchFiles))]
    public void PyTorchWriter_WriteReadWrite_IsStableAndLosesNothing(string file)
    {
        using var folder = new TemporaryFolder();
        using var original = PyTorchFile.Open(Fixture.Path(file));
        PyTorchWriter.Write(folder["first.bin"], original.ReadAll());
        using var first = PyTorchFile.Open(folder["first.bin"]);
        AssertSame(original, first);
        Directory.CreateDirectory(folder["again"]);
        PyTorchWriter.Write(Path.Combine(folder["again"], "first.bin"), first.ReadAll());
        Assert.Equal(File.ReadAllBytes(folder["first.bin"]), File.ReadAllBytes(Path.Combine(folder["again"], "first.bin")));
    }

    [Fact]
    public void Writers_EveryType_RoundTripsThroughBothFormats()
    {
        var random = new Random(7);
        var tensors = new List<TensorData>();
        foreach (var dtype in Enum.GetValues<TensorDType>())
        {
            long[][] shapes = [[], [0], [3, 0, 2], [1], [5], [2, 3, 4], [1, 1, 7, 1]];
            foreach (var shape in shapes)
            {
                var bytes = new byte[shape.Aggregate(1L, (a, b) => a * b) * dtype.Size()];
                random.NextBytes(bytes);
                if (dtype == TensorDType.Bool)
                    bytes = [.. bytes.Select(b => (byte)(b & 1))];
                tensors.Add(new TensorData($"{dtype}.{string.Join('x', shape)} \"\\\n\u0001é€😀", dtype, shape, bytes));
            }
        }

        using var folder = new TemporaryFolder();
        SafetensorsWriter.Write(folder["t.safetensors"], tensors);
        PyTorchWriter.Write(folder["t.bin"], tensors);
        foreach (var name in new[] { "t.safetensors", "t.bin" })
        {
            using var source = Checkpoint.Open(folder[name]);
            Assert.Equal(tensors.Count, source.Tensors.Count);
            foreach (var tensor in tensors)
            {
                Assert.Equal(tensor.DType, source.Find(tensor.Name).DType);
                Assert.Equal(tensor.Shape, source.Find(tensor.Name).Shape);
                Assert.True(tensor.Bytes.Span.SequenceEqual(source.GetBytes(tensor.Name)), $"{name}: {tensor.Name}");
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(999)]
    [InlineData(1000)]
    [InlineData(1001)]
    [InlineData(2500)]
    public void PyTorchWriter_AnyNumberOfTensors_ReadsBack(int count)
    {
        using var folder = new TemporaryFolder();
        var tensors = Enumerable.Range(0, count).Select(i => TensorData.FromSingles($"t{i}", [1], [i])).ToList();
        PyTorchWriter.Write(folder["many.bin"], tensors);
        using var source = PyTorchFile.Open(folder["many.bin"]);
        Assert.Equal(tensors.Select(t => t.Name), source.Tensors.Keys);
        Assert.All(Enumerable.Range(0, count), i => Assert.Equal(i, source.ReadSingles($"t{i}")[0]));
    }

    [Theory]
    [InlineData("d-safetensors-sharded", CheckpointFormat.Safetensors)]
    [InlineData("d-bin-sharded", CheckpointFormat.PyTorchBin)]
    public void Save_Shards_MatchTransformersLayout(string fixture, CheckpointFormat format)
    {
        using var folder = new TemporaryFolder();
        var origin = Fixture.Path("checkpoints", fixture);
        using (var source = Checkpoint.Open(origin))
            CheckpointWriter.Save(folder.Root, InOrderOfTheModel(source), new CheckpointSaveOptions { Format = format, MaxShardBytes = LargestShard(origin) });
        Assert.Equal(Directory.EnumerateFiles(origin, "*model*").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal), folder.Names);
        foreach (var name in folder.Names)
            Assert.True(File.ReadAllBytes(Path.Combine(origin, name)).AsSpan().SequenceEqual(File.ReadAllBytes(folder[name])), name);
    }

    [Theory]
    [InlineData("a-safetensors-fp32", CheckpointFormat.PyTorchBin, 100_000)]
    [InlineData("b-bin-zip", CheckpointFormat.PyTorchBin, 60_000)]
    [InlineData("c-bin-legacy", CheckpointFormat.PyTorchBin, 1)]
    [InlineData("d-bin-sharded", CheckpointFormat.PyTorchBin, 1_000_000)]
    [InlineData("a-safetensors-fp32", CheckpointFormat.Safetensors, 100_000)]
    [InlineData("e-safetensors-bf16", CheckpointFormat.Safetensors, 50_000)]
    [InlineData("t-base", CheckpointFormat.Safetensors | CheckpointFormat.PyTorchBin, 200_000)]
    public void Save_AnyFormat_ReadsBackTheSameTensors(string fixture, CheckpointFormat format, long maxShardBytes)
    {
        using var folder = new TemporaryFolder();
        using var source = Checkpoint.Open(Fixture.Path("checkpoints", fixture));
        var options = new CheckpointSaveOptions { Format = format, MaxShardBytes = maxShardBytes };
        CheckpointWriter.Save(folder.Root, source.ReadAll(), options);
        using var saved = Checkpoint.Open(folder.Root);
        AssertSame(source, saved);
        var before = folder.Names.ToDictionary(name => name, name => File.ReadAllBytes(folder[name]));
        CheckpointWriter.Save(folder.Root, source.ReadAll(), options);
        Assert.Equal(before.Keys.Order(StringComparer.Ordinal), folder.Names);
        Assert.All(before, file => Assert.Equal(file.Value, File.ReadAllBytes(folder[file.Key])));
    }

    [Fact]
    public void Save_TiedWeights_SafetensorsKeepsTheFirstNamePyTorchBoth()
    {
        using var folder = new TemporaryFolder();
        using var source = Checkpoint.Open(Fixture.Path("checkpoints", "b-bin-zip"));
        CheckpointWriter.Save(folder.Root, source.ReadAll());
        using (var safetensors = Checkpoint.Open(folder.Root))
        {
            Assert.Equal(source.Tensors.Keys.Where(name => name != "decoder.lm_head.weight").Order(StringComparer.Ordinal), safetensors.Tensors.Keys.Order(StringComparer.Ordinal));
        }

        CheckpointWriter.Save(folder.Root, source.ReadAll(), new CheckpointSaveOptions { Format = CheckpointFormat.PyTorchBin, DType = TensorDType.F16 });
        using var half = Checkpoint.Open(folder.Root);
        Assert.Equal(half.GetMemory("decoder.transformer.wte.weight"), half.GetMemory("decoder.lm_head.weight"));
        Assert.Equal(source.Tensors.Count, half.Tensors.Count);
    }

    [Theory]
    [InlineData(TensorDType.F16)]
    [InlineData(TensorDType.BF16)]
    public void Save_HalfPrecision_RoundsToTheNearestEven(TensorDType dtype)
    {
        var random = new Random(11);
        var values = Enumerable.Range(0, 20_000).Select(_ => BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue)))
            .Concat([0f, -0f, 1f, float.PositiveInfinity, float.NegativeInfinity, float.NaN, float.MaxValue, float.Epsilon, 65504f, 65519.99f, 65520f, -70000f, 1.00048828125f, 1.00146484375f, 3.3961775e38f])
            .ToArray();
        using var folder = new TemporaryFolder();
        TensorData[] tensors = [TensorData.FromSingles("x", [values.Length], values), new("n", TensorDType.I64, [1], new byte[] { 1, 2, 3, 4, 5, 6, 7, 8 })];
        CheckpointWriter.Save(folder.Root, tensors, new CheckpointSaveOptions { DType = dtype });
        using var source = Checkpoint.Open(folder.Root);
        Assert.Equal(TensorDType.I64, source.Find("n").DType);
        Assert.Equal(dtype, source.Find("x").DType);
        var read = source.ReadSingles("x");
        for (var i = 0; i < values.Length; i++)
        {
            var expected = NearestEven(values[i], dtype == TensorDType.F16 ? 10 : 7, dtype == TensorDType.F16 ? 5 : 8);
            Assert.True(expected.Equals(read[i]), $"{values[i]:R}: {read[i]:R}, {expected:R} expected");
        }
    }

    [Fact]
    public void Save_HalfToBFloat16ToSingle_WidensExactly()
    {
        using var folder = new TemporaryFolder();
        using var half = Checkpoint.Open(Fixture.Path("checkpoints", "e-safetensors-fp16"));
        CheckpointWriter.Save(folder.Root, half.ReadAll(), new CheckpointSaveOptions { DType = TensorDType.F32 });
        using var single = Checkpoint.Open(folder.Root);
        Assert.All(single.Tensors.Values, info => Assert.Equal(TensorDType.F32, info.DType));
        foreach (var name in half.Tensors.Keys)
            Assert.Equal(half.ReadSingles(name), MemoryMarshal.Cast<byte, float>(single.GetBytes(name)).ToArray());
    }

    [Fact]
    public void Save_OverAnOlderSave_RemovesWhatIsStaleAndNothingElse()
    {
        using var folder = new TemporaryFolder();
        folder.Add("config.json", [1]);
        folder.Add("model-old.safetensors", [2]);
        folder.Add("training_args.bin", [3]);
        string[] kept = ["config.json", "model-old.safetensors", "training_args.bin"];
        using var source = Checkpoint.Open(Fixture.Path("checkpoints", "t-base"));
        CheckpointWriter.Save(folder.Root, source.ReadAll(), new CheckpointSaveOptions { MaxShardBytes = 100_000 });
        Assert.Contains("model.safetensors.index.json", folder.Names);
        Assert.True(folder.Names.Count() > 6);
        CheckpointWriter.Save(folder.Root, source.ReadAll(), new CheckpointSaveOptions { Format = CheckpointFormat.PyTorchBin });
        Assert.Equal([.. kept.Append("pytorch_model.bin").Order(StringComparer.Ordinal)], folder.Names);
        CheckpointWriter.Save(folder.Root, source.ReadAll());
        Assert.Equal([.. kept.Append("model.safetensors").Order(StringComparer.Ordinal)], folder.Names);
    }

    [Fact]
    public void Save_FailsMidway_LeavesTheOldFilesIntact()
    {
        using var folder = new TemporaryFolder();
        using var source = Checkpoint.Open(Fixture.Path("checkpoints", "t-base"));
        var options = new CheckpointSaveOptions { MaxShardBytes = 100_000 };
        CheckpointWriter.Save(folder.Root, source.ReadAll(), options);
        var before = folder.Names.ToDictionary(name => name, name => File.ReadAllBytes(folder[name]));

        // The last tensor's memory is gone when its turn comes: the first shards are written by then.
        var broken = Checkpoint.Open(Fixture.Path("checkpoints", "a-safetensors-fp32"));
        var last = broken.Read("encoder.layernorm.weight") with { Name = "zzz" };
        broken.Dispose();
        Assert.Throws<ObjectDisposedException>(() => CheckpointWriter.Save(folder.Root, source.ReadAll().Append(last), options));
        Assert.Equal(before.Keys.Order(StringComparer.Ordinal), folder.Names);
        Assert.All(before, file => Assert.Equal(file.Value, File.ReadAllBytes(folder[file.Key])));
    }

    [Fact]
    public void Save_WhereAFileIsInTheWay_IsOneLine()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Add("file", [0]);
        var error = Assert.Throws<CheckpointException>(() => CheckpointWriter.Save(Path.Combine(file, "below"), [TensorData.FromSingles("x", [1], [1f])]));
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Save_BadArguments_AreRefusedBeforeAnythingIsWritten()
    {
        using var folder = new TemporaryFolder();
        var good = TensorData.FromSingles("x", [2], [1f, 2f]);
        TensorData[][] bad = [[good, good], [good with { Shape = [3] }], [good with { Shape = [-2] }], [good with { Name = "" }], [good with { Name = "__metadata__" }], [good with { Name = "\ud800" }]];
        Assert.All(bad, tensors => Assert.Throws<ArgumentException>(() => CheckpointWriter.Save(folder.Root, tensors)));
        CheckpointSaveOptions[] options = [new() { Format = 0 }, new() { Format = (CheckpointFormat)4 }, new() { DType = TensorDType.I8 }, new() { MaxShardBytes = 0 }];
        Assert.All(options, option => Assert.Throws<ConfigurationException>(() => CheckpointWriter.Save(folder.Root, [good], option)));
        Assert.Empty(folder.Names);
    }

    private static TheoryData<string> Files(string pattern)
    {
        var data = new TheoryData<string>();
        foreach (var root in new[] { "checkpoints", "warmstart", "training" })
        {
            foreach (var file in Directory.EnumerateFiles(Fixture.Path(root), pattern, SearchOption.AllDirectories))
                data.Add(Path.GetRelativePath(Fixture.Root, file));
        }

        return data;
    }

    // A PyTorch file keeps the order of the state dict, a safetensors file does not: it is taken from a PyTorch file with the same names.
    private static IEnumerable<TensorData> InOrderOfTheModel(TensorSource source)
    {
        using var model = Checkpoint.Open(Fixture.Path("checkpoints", "d-bin-sharded"));
        var order = model.Tensors.Values.OrderBy(info => info.File, StringComparer.Ordinal).Select(info => info.Name).ToList();
        Assert.Subset(order.ToHashSet(), source.Tensors.Keys.ToHashSet());
        return [.. order.Where(source.Tensors.ContainsKey).Select(source.Read)];
    }

    private static long LargestShard(string folder)
    {
        var largest = 0L;
        foreach (var file in Directory.EnumerateFiles(folder, "*-of-*"))
        {
            using var shard = Checkpoint.Open(file);
            largest = Math.Max(largest, shard.Tensors.Keys.Select(shard.GetMemory).Distinct().Sum(memory => (long)memory.Length));
        }

        return largest;
    }

    private static List<TensorData> Shuffle(IEnumerable<TensorData> tensors)
    {
        var array = tensors.ToArray();
        new Random(3).Shuffle(array);
        return [.. array];
    }

    // The nearest value with so many bits of mantissa and exponent, by arithmetic in doubles instead of bits.
    private static float NearestEven(float value, int mantissaBits, int exponentBits)
    {
        if (float.IsNaN(value) || float.IsInfinity(value) || value == 0)
            return value;
        var bias = (1 << (exponentBits - 1)) - 1;
        var exponent = Math.Max((int)Math.Floor(Math.Log2(Math.Abs((double)value))), 1 - bias);
        var unit = Math.ScaleB(1, exponent - mantissaBits);
        var rounded = Math.Round(value / unit, MidpointRounding.ToEven) * unit;
        var largest = (2 - Math.ScaleB(1, -mantissaBits)) * Math.ScaleB(1, bias);
        return Math.Abs(rounded) > largest ? float.CopySign(float.PositiveInfinity, value) : (float)rounded;
    }

    private static void AssertSame(TensorSource expected, TensorSource actual)
    {
        Assert.NotEmpty(expected.Tensors);
        Assert.Equal(expected.Tensors.Keys.Order(StringComparer.Ordinal), actual.Tensors.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, info) in expected.Tensors)
        {
            Assert.Equal(info.DType, actual.Tensors[name].DType);
            Assert.Equal(info.Shape, actual.Tensors[name].Shape);
            Assert.True(expected.GetBytes(name).SequenceEqual(actual.GetBytes(name)), name);
        }
    }
}
