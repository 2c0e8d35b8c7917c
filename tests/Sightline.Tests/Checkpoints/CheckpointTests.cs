using Sightline.Checkpoints;
using Sightline.IO;
using Xunit;

namespace Sightline.Tests.Checkpoints;

public sealed class CheckpointTests
{
    public static TheoryData<string> Folders()
    {
        var data = new TheoryData<string>();
        foreach (var root in new[] { "checkpoints", "warmstart", "training" })
        {
            foreach (var config in Directory.EnumerateFiles(Fixture.Path(root), "config.json", SearchOption.AllDirectories))
            {
                var folder = System.IO.Path.GetDirectoryName(config)!;
                if (Directory.EnumerateFiles(folder, "*model*").Any())
                    data.Add(System.IO.Path.GetRelativePath(Fixture.Root, folder));
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Open_EveryFixtureFolder_GivesFiniteTensorsOfTheStatedShape(string folder)
    {
        using var source = Checkpoint.Open(Fixture.Path(folder));
        Assert.True(source.Tensors.Count > 10, $"only {source.Tensors.Count} tensors");
        foreach (var (name, info) in source.Tensors)
        {
            Assert.Equal(name, info.Name);
            Assert.Equal(info.ElementCount * info.DType.Size(), source.GetBytes(name).Length);
            var values = source.ReadSingles(name);
            Assert.Equal(info.ElementCount, values.Length);
            Assert.All(values, value => Assert.True(float.IsFinite(value)));
            if (info.ElementCount > 8 && name.EndsWith("weight", StringComparison.Ordinal) && info.Shape.Count > 1)
                Assert.True(values.Distinct().Count() > 4, $"{name} is constant");
        }
    }

    [Theory]
    [InlineData("a-safetensors-fp32", TensorDType.F32)]
    [InlineData("e-safetensors-fp16", TensorDType.F16)]
    [InlineData("e-safetensors-bf16", TensorDType.BF16)]
    [InlineData("e-bin-fp16", TensorDType.F16)]
    public void Open_HalfPrecision_KeepsTheStoredType(string folder, TensorDType expected)
    {
        using var source = Checkpoint.Open(Fixture.Path("checkpoints", folder));
        Assert.All(source.Tensors.Values, info => Assert.Equal(expected, info.DType));
    }

    [Theory]
    [InlineData("d-safetensors-sharded", "model.safetensors.index.json")]
    [InlineData("d-bin-sharded", "pytorch_model.bin.index.json")]
    public void Open_Shards_HoldWhatTheIndexSays(string folder, string indexName)
    {
        var index = JsonFile.ReadObject(Fixture.Path("checkpoints", folder, indexName));
        var map = index["weight_map"]!.AsObject();
        using var source = Checkpoint.Open(Fixture.Path("checkpoints", folder));
        Assert.Equal(map.Select(pair => pair.Key).Order(StringComparer.Ordinal), source.Tensors.Keys.Order(StringComparer.Ordinal));
        Assert.All(map, pair => Assert.Equal((string?)pair.Value, System.IO.Path.GetFileName(source.Tensors[pair.Key].File)));
        // Transformers counts tensors that share a storage once.
        var total = source.Tensors.Keys.Select(source.GetMemory).Distinct().Sum(memory => (long)memory.Length);
        Assert.Equal((long)index["metadata"]!["total_size"]!, total);
    }

    [Fact]
    public void Open_TiedWeights_ShareTheirMemory()
    {
        using var source = Checkpoint.Open(Fixture.Path("checkpoints", "b-bin-zip"));
        Assert.Equal(source.GetMemory("decoder.transformer.wte.weight"), source.GetMemory("decoder.lm_head.weight"));
        Assert.NotEqual(source.GetMemory("decoder.transformer.wte.weight"), source.GetMemory("decoder.transformer.wpe.weight"));
        using var other = Checkpoint.Open(Fixture.Path("checkpoints", "j-conflicting-lm-head"));
        Assert.False(other.GetBytes("decoder.transformer.wte.weight").SequenceEqual(other.GetBytes("decoder.lm_head.weight")));
    }

    [Fact]
    public void Open_Buffers_AreReadAsBytes()
    {
        using var source = Checkpoint.Open(Fixture.Path("checkpoints", "f-417-buffers"));
        var info = source.Find("decoder.transformer.h.0.attn.bias");
        Assert.Equal(TensorDType.U8, info.DType);
        var mask = source.ReadInt64s(info.Name);
        var n = (int)info.Shape[^1];
        for (var i = 0; i < mask.Length; i++)
            Assert.Equal(i % n <= i / n ? 1 : 0, mask[i]);
        Assert.Equal(-10000f, source.ReadSingles("decoder.transformer.h.0.attn.masked_bias").Single());
    }

    [Fact]
    public void Open_FileInsteadOfFolder_IsRead()
    {
        using var legacy = Checkpoint.Open(Fixture.Path("checkpoints", "c-bin-legacy", "pytorch_model.bin"));
        Assert.IsType<PyTorchFile>(legacy);
        using var safetensors = Checkpoint.Open(Fixture.Path("checkpoints", "a-safetensors-fp32", "model.safetensors"));
        Assert.Equal("pt", Assert.IsType<SafetensorsFile>(safetensors).Metadata["format"]);
        using var index = Checkpoint.Open(Fixture.Path("checkpoints", "d-bin-sharded", "pytorch_model.bin.index.json"));
        Assert.NotEmpty(index.Tensors);
    }

    [Fact]
    public void Open_NoWeights_SaysWhatWasLookedForAndWhatIsThere()
    {
        var error = Assert.Throws<CheckpointException>(() => Checkpoint.Open(Fixture.Path("tokenizer")));
        foreach (var part in new[] { "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json", "merges.txt" })
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.Throws<CheckpointException>(() => Checkpoint.Open(Fixture.Path("no-such-folder")));
    }

    [Fact]
    public void GetBytes_UnknownNameOrDisposed_Throws()
    {
        var source = Checkpoint.Open(Fixture.Path("checkpoints", "a-safetensors-fp32"));
        Assert.Throws<CheckpointException>(() => source.GetBytes("no.such.tensor").Length);
        var name = source.Tensors.Keys.First();
        source.Dispose();
        source.Dispose();
        Assert.Throws<ObjectDisposedException>(() => source.GetBytes(name).Length);
    }
}
