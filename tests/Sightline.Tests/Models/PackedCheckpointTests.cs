using System.Text;
using Sightline.Checkpoints;
using Sightline.Generation;
using Sightline.Kernels;
using Sightline.Models;
using Xunit;

namespace Sightline.Tests.Models;

public sealed class PackedCheckpointTests
{
    public static TheoryData<string, WeightFormat> All()
    {
        var data = new TheoryData<string, WeightFormat>();
        foreach (var name in new[] { "t-base", "t-proj", "t-deit-distinct-pad", "t-distil6", "j-untied-decoder", "j-conflicting-lm-head", "i-noqkvbias-acts" })
        {
            data.Add(name, WeightFormat.Int8);
            data.Add(name, WeightFormat.Int4);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Pack_AndLoad_GivesTheBitsOfRoundingAtLoad(string name, WeightFormat format)
    {
        using var folder = new TemporaryFolder();
        var source = Fixture.Path("checkpoints", name);
        CheckpointConverter.Pack(source, folder["packed"], format);
        using var rounded = VisionEncoderDecoderModel.Load(source, new ModelOptions { DType = format });
        using var packed = VisionEncoderDecoderModel.Load(folder["packed"]);
        Assert.Empty(packed.SurplusTensors);
        var expected = Logits(rounded);
        Assert.Equal(expected, Logits(packed));
        using var exact = VisionEncoderDecoderModel.Load(source);

        // Rounded, but the same model: logits span some 20, and the greatest of each row are corrected.
        var vocabulary = exact.Config.Decoder.VocabSize;
        var differences = Logits(exact).Zip(expected, (a, b) => (Exact: a, Change: Math.Abs(a - b))).Chunk(vocabulary).ToList();
        Assert.InRange(differences.SelectMany(row => row).Max(pair => pair.Change), 1e-6f, 3f);
        Assert.InRange(differences.Max(row => row.MaxBy(pair => pair.Exact).Change), 1e-6f, format == WeightFormat.Int8 ? 0.5f : 3f);
    }

    [Fact]
    public void Pack_File_HasAlignedPanels()
    {
        using var folder = new TemporaryFolder();
        CheckpointConverter.Pack(Fixture.Path("checkpoints", "t-base"), folder["packed"], WeightFormat.Int8);
        using var file = SafetensorsFile.Open(Path.Combine(folder["packed"], Checkpoint.SafetensorsName));
        var first = file.Tensors.Values.First(tensor => tensor.DType == TensorDType.U8);
        using var handle = file.GetMemory(first.Name).Pin();
        unsafe
        {
            Assert.Equal(0, (nint)handle.Pointer % 64);
        }
    }

    [Fact]
    public void Load_OtherFormatOrConvertedTwice_IsRefusedPlainly()
    {
        using var folder = new TemporaryFolder();
        CheckpointConverter.Pack(Fixture.Path("checkpoints", "t-base"), folder["packed"], WeightFormat.Int8);
        var wrong = Assert.Throws<ConfigurationException>(() => VisionEncoderDecoderModel.Load(folder["packed"], new ModelOptions { DType = WeightFormat.Bf16 }));
        Assert.Contains("converted to int8, so it cannot run as bf16", wrong.Message, StringComparison.Ordinal);
        var twice = Assert.Throws<ConfigurationException>(() => CheckpointConverter.Pack(folder["packed"], folder["again"], WeightFormat.Int4));
        Assert.Contains("converted to int8 already", twice.Message, StringComparison.Ordinal);
        Assert.Throws<ConfigurationException>(() => CheckpointConverter.Convert(folder["packed"], folder["again"]));
        Assert.Throws<ConfigurationException>(() => CheckpointConverter.Pack(Fixture.Path("checkpoints", "t-base"), folder["again"], WeightFormat.Bf16));
        Assert.False(Directory.Exists(folder["again"]));
    }

    [Theory]
    [InlineData("\"sightline_version\":\"3\"", "\"sightline_version\":\"9\"", "version '9'")]
    [InlineData("\"sightline_weights\":\"int8\"", "\"sightline_weights\":\"int9\"", "'int9'")]
    [InlineData("enc_to_dec_proj.weight.int8", "enc_to_dec_proj.weighT.int8", "'enc_to_dec_proj.weight'")]
    [InlineData("weight.rest_scale", "weight.rest_scalE", "weight.rest_scale' is missing")]
    [InlineData("enc_to_dec_proj.weight.scale", "enc_to_dec_proj.weight.scalE", "'enc_to_dec_proj.weight.scale' is missing")]
    public void Load_DamagedOrOtherVersion_SaysSo(string found, string replacement, string expected)
    {
        using var folder = new TemporaryFolder();
        CheckpointConverter.Pack(Fixture.Path("checkpoints", "t-proj"), folder["packed"], WeightFormat.Int8);
        var path = Path.Combine(folder["packed"], Checkpoint.SafetensorsName);
        var bytes = File.ReadAllBytes(path);
        var at = bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(found));
        Assert.True(at > 0);
        Encoding.UTF8.GetBytes(replacement).CopyTo(bytes, at);
        File.WriteAllBytes(path, bytes);
        Assert.Contains(expected, Assert.Throws<CheckpointException>(() => VisionEncoderDecoderModel.Load(folder["packed"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Dispose_WhileAPackedModelIsUsed_DoesNotUnmapUnderIt()
    {
        using var folder = new TemporaryFolder();
        CheckpointConverter.Pack(Fixture.Path("checkpoints", "t-base"), folder["packed"], WeightFormat.Int8);
        var model = VisionEncoderDecoderModel.Load(folder["packed"]);
        var encoded = model.Encode(new float[3 * model.Config.Encoder.ImageSize * model.Config.Encoder.ImageSize]);
        using var session = model.StartDecoding(encoded);
        model.Dispose();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var logits = new float[session.VocabularySize];
        session.Step([1], 1, logits);
        Assert.True(logits.Distinct().Count() > 10);
        Assert.Throws<ObjectDisposedException>(() => model.StartDecoding(encoded));
    }

    [Theory]
    [InlineData(WeightFormat.Bf16)]
    [InlineData(WeightFormat.Int8)]
    public void Describe_RoundedWeights_KeepsTheReferenceCaptions(WeightFormat format)
    {
        foreach (var name in new[] { "t-base", "t-417" })
        {
            using var exact = Captioner.Load(Fixture.Path("checkpoints", name));
            using var rounded = Captioner.Load(Fixture.Path("checkpoints", name), new CaptionerOptions { DType = format });
            foreach (var picture in new[] { "shape0.png", "shape1.png", "shape2.png" })
            {
                var path = Fixture.Path("images", "shapes", picture);
                Assert.Equal(exact.Describe(path, new GenerationOptions { MaxLength = 20 }).Text, rounded.Describe(path, new GenerationOptions { MaxLength = 20 }).Text);
            }
        }
    }

    private static float[] Logits(VisionEncoderDecoderModel model)
    {
        var size = model.Config.Encoder.NumChannels * model.Config.Encoder.ImageSize * model.Config.Encoder.ImageSize;
        var random = new Random(11);
        var pixels = new float[2 * size];
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = (random.NextSingle() * 2) - 1;
        return model.Decode(model.Encode(pixels, 2), [1, 2, 3, 4, 5, 6]).Logits;
    }
}
