using Sightline.Checkpoints;
using Sightline.Models;
using Sightline.Tests;
using Sightline.Training.Checkpointing;
using Sightline.Training.Modeling;

namespace Sightline.Training.Tests.Modeling;

/// <summary>The two models of this repository, one to train and one to caption with, are one model.</summary>
public sealed class CoreAgreementTests
{
    private const double LogitTolerance = 1e-4; // reduction order

    public static TheoryData<string> Names() => [.. Directory.GetDirectories(Fixture.Path("checkpoints")).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Logits_SameCheckpoint_Agree(string name) => Check(Fixture.Path("checkpoints", name), Fixture.Path("checkpoints", name), name);

    [Theory]
    [InlineData("t-base", false)]
    [InlineData("t-base", true)]
    [InlineData("i-deit", false)]
    [InlineData("g-enc-dec-proj", true)]
    [InlineData("j-untied-decoder", false)]
    [InlineData("j-untied-decoder", true)]
    public void Logits_CheckpointWrittenByOne_IsReadByTheOther(string name, bool safetensors)
    {
        using var folder = new TemporaryFolder();
        using (var model = TrainableModel.Load(Fixture.Path("checkpoints", name)))
            WeightFiles.Save(folder.File("trained"), model, safetensors);
        Check(folder.File("trained"), Fixture.Path("checkpoints", name), name);

        ModelCheckpoint.Load(Fixture.Path("checkpoints", name)).Save(folder.File("core"), new CheckpointSaveOptions { Format = safetensors ? CheckpointFormat.Safetensors : CheckpointFormat.PyTorchBin });
        Check(Fixture.Path("checkpoints", name), folder.File("core"), name);
    }

    [Theory]
    [InlineData("t-base")]
    [InlineData("j-untied-decoder")]
    [InlineData("g-enc-dec-proj")]
    [InlineData("i-deit")]
    public void ToInferenceModel_OfAnyState_HasTheWeightsOfThatMoment(string name)
    {
        using var golden = SafetensorsFile.Open(Fixture.Path("forward", name + ".safetensors"));
        using var trainable = TrainableModel.Load(Fixture.Path("checkpoints", name));
        using var loaded = VisionEncoderDecoderModel.Load(Fixture.Path("checkpoints", name));
        var image = golden.ReadSingles("pixel_values")[..(3 * loaded.Config.Encoder.ImageSize * loaded.Config.Encoder.ImageSize)];
        using var before = trainable.ToInferenceModel();
        Assert.Equal(Logits(loaded), Logits(before));

        ModelWeights.Write(trainable.Module.named_parameters().Single(p => p.name == "decoder.transformer.ln_f.bias").parameter, new float[loaded.Config.Decoder.NEmbd]);
        using var after = trainable.ToInferenceModel();
        Assert.NotEqual(Logits(before), Logits(after));
        Assert.Equal(Logits(loaded), Logits(before)); // what was made before does not follow

        float[] Logits(VisionEncoderDecoderModel model) => model.Decode(model.Encode(image), [1, 2, 3]).Logits;
    }

    private static void Check(string coreFolder, string trainableFolder, string name)
    {
        using var golden = SafetensorsFile.Open(Fixture.Path("forward", name + ".safetensors"));
        using var core = VisionEncoderDecoderModel.Load(coreFolder);
        using var trainable = TrainableModel.Load(trainableFolder);
        var pixels = golden.ReadSingles("pixel_values");
        var images = (int)golden.Find("pixel_values").Shape[0];
        var ids = golden.ReadInt64s("decoder_input_ids");
        var expected = core.Decode(core.Encode(pixels, images), [.. ids.Select(id => (int)id)]).Logits;
        Assert.InRange(expected.Max(Math.Abs), 0.1f, 100f);
        Close.Assert(name, expected, trainable.ComputeLogits(pixels, images, ids), LogitTolerance);
    }
}
