using Sightline.Checkpoints;
using Sightline.Configuration;
using Sightline.Generation;
using Sightline.Models;
using Xunit;

namespace Sightline.Tests.Models;

public sealed class ModelCheckpointTests
{
    public static TheoryData<string> Names() => [.. Directory.GetDirectories(Fixture.Path("checkpoints")).Select(folder => Path.GetFileName(folder))];

    [Theory]
    [MemberData(nameof(Names))]
    public void Save_EveryCheckpoint_ReadsBackIdenticallyInBothFormats(string name)
    {
        var original = ModelCheckpoint.Load(Fixture.Path("checkpoints", name));
        foreach (var format in new[] { CheckpointFormat.Safetensors, CheckpointFormat.PyTorchBin })
        {
            using var folder = new TemporaryFolder();
            original.Save(folder.Root, new CheckpointSaveOptions { Format = format });
            var copy = ModelCheckpoint.Load(folder.Root);
            Assert.Equal(original.Parameters.Keys, copy.Parameters.Keys);
            foreach (var (key, values) in original.Parameters)
                Assert.Equal(values, copy.Parameters[key]);
            var first = File.ReadAllBytes(Directory.GetFiles(folder.Root, "*model*").Single());
            copy.Save(folder.Root, new CheckpointSaveOptions { Format = format });
            Assert.Equal(first, File.ReadAllBytes(Directory.GetFiles(folder.Root, "*model*").Single()));
        }
    }

    [Fact]
    public void Save_SafetensorsOf431_MatchesKeyForKey()
    {
        using var folder = new TemporaryFolder();
        ModelCheckpoint.Load(Fixture.Path("checkpoints", "t-base")).Save(folder.Root);
        Assert.Equal(File.ReadAllBytes(Fixture.Path("checkpoints", "t-base", "model.safetensors")), File.ReadAllBytes(folder["model.safetensors"]));
        Assert.Equal(File.ReadAllBytes(Fixture.Path("checkpoints", "t-base", "config.json")), File.ReadAllBytes(folder["config.json"]));
    }

    [Fact]
    public void Save_Bin_HoldsTheKeysOfTheReference()
    {
        using var folder = new TemporaryFolder();
        ModelCheckpoint.Load(Fixture.Path("checkpoints", "t-distil6")).Save(folder.Root, new CheckpointSaveOptions { Format = CheckpointFormat.PyTorchBin });
        using var ours = PyTorchFile.Open(folder["pytorch_model.bin"]);
        using var theirs = PyTorchFile.Open(Fixture.Path("checkpoints", "t-distil6", "pytorch_model.bin"));
        Assert.Equal(theirs.Tensors.Keys.Order(StringComparer.Ordinal), ours.Tensors.Keys.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(520)]
    [InlineData(100)]
    public void ResizeTokenEmbeddings_OtherSize_KeepsTheRowsThatStay(int size)
    {
        var original = ModelCheckpoint.Load(Fixture.Path("checkpoints", "t-base"));
        var resized = original.ResizeTokenEmbeddings(size, seed: 1);
        var (before, after) = (original.Parameters["decoder.transformer.wte.weight"], resized.Parameters["decoder.transformer.wte.weight"]);
        Assert.Equal(size, resized.Config.Decoder.VocabSize);
        Assert.Equal(size * original.Config.Decoder.NEmbd, after.Length);
        var kept = Math.Min(before.Length, after.Length);
        Assert.Equal(before[..kept], after[..kept]);
        if (after.Length > kept)
        {
            var added = after[kept..];
            Assert.InRange(added.Average(), -0.005, 0.005);
            Assert.InRange(Math.Sqrt(added.Average(v => v * v)), 0.015, 0.025);
        }
    }

    [Fact]
    public void Initialize_Seed_DecidesTheWeights()
    {
        var config = VisionEncoderDecoderConfig.Load(Fixture.Path("checkpoints", "g-enc-dec-proj"));
        var one = ModelCheckpoint.Initialize(config, 7);
        Assert.Equal(one.Parameters["enc_to_dec_proj.weight"], ModelCheckpoint.Initialize(config, 7).Parameters["enc_to_dec_proj.weight"]);
        Assert.NotEqual(one.Parameters["enc_to_dec_proj.weight"], ModelCheckpoint.Initialize(config, 8).Parameters["enc_to_dec_proj.weight"]);
        Assert.All(one.Parameters["encoder.embeddings.cls_token"], value => Assert.Equal(0, value));
        Assert.Contains(ModelCheckpoint.Initialize(config, 7, Compatibility.Transformers431).Parameters["encoder.embeddings.cls_token"], value => value != 0);
        var (scaled, plain) = (Deviation(one.Parameters["decoder.transformer.h.0.mlp.c_proj.weight"]), Deviation(one.Parameters["decoder.transformer.h.0.mlp.c_fc.weight"]));
        Assert.InRange(plain / scaled, 0.8 * Math.Sqrt(2 * config.Decoder.NLayer), 1.2 * Math.Sqrt(2 * config.Decoder.NLayer));
    }

    [Fact]
    public void Compose_ClassifierAndBareDecoder_CaptionsAfterSaving()
    {
        using var folder = new TemporaryFolder();
        var warmStart = WarmStart.Compose(Fixture.Path("warmstart", "vit-for-image-classification"), Fixture.Path("warmstart", "gpt2-bare"),
            new WarmStartOptions { DecoderStartTokenId = 299, PadTokenId = 299, EosTokenId = 299 });
        warmStart.Checkpoint.Save(folder.Root);
        using var model = VisionEncoderDecoderModel.Load(folder.Root);
        Assert.Equal(299, model.Config.DecoderStartTokenId);
        Assert.Equal(6 * 300, model.Decode(model.Encode(new float[3 * 32 * 32]), [299, 1, 2, 3, 4, 5]).Logits.Length);
    }

    [Fact]
    public void Compose_DecoderWithoutItsLayers_NamesWhatIsMissing()
    {
        using var folder = new TemporaryFolder();
        File.Copy(Fixture.Path("warmstart", "gpt2-bare", "config.json"), folder["config.json"]);
        CheckpointWriter.Save(folder.Root, [TensorData.FromSingles("wte.weight", [300, 28], new float[300 * 28])]);
        var e = Assert.Throws<CheckpointException>(() => WarmStart.Compose(Fixture.Path("warmstart", "vit-model"), folder.Root));
        Assert.Contains("'decoder.transformer.h.0.ln_1.weight' is missing", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("crossattention", e.Message, StringComparison.Ordinal);
    }

    private static double Deviation(float[] values) => Math.Sqrt(values.Average(v => (double)v * v));
}
