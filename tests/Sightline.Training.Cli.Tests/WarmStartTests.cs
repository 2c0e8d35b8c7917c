using System.Text.Json.Nodes;
using Sightline.Checkpoints;
using Sightline.IO;
using Sightline.Models;
using Sightline.Tests;
using Xunit;

namespace Sightline.Training.Cli.Tests;

/// <summary>Runs that start from checkpoints of Hugging Face. With the learning rate 0 they end with the weights that they began with.</summary>
public sealed class WarmStartTests : IDisposable
{
    private readonly ShapesRun _run = new();

    public void Dispose() => _run.Dispose();

    [Theory]
    [InlineData("vit-model", "gpt2-lmhead", "")]
    [InlineData("vit-for-image-classification", "gpt2-bare", "not used: classifier.weight, classifier.bias")]
    [InlineData("vit-model", "gpt2-lmhead-other-width", "")]
    [InlineData("deit-model", "gpt2-lmhead", "")]
    public async Task Run_EncoderAndDecoder_JoinsThemAsTheReference(string encoder, string decoder, string words)
    {
        UseModel(new JsonObject
        {
            ["encoder"] = Fixture.Path("warmstart", encoder),
            ["decoder"] = Fixture.Path("warmstart", decoder),
            ["tokenizer"] = Fixture.Path("checkpoints", "e-bin-fp16"), // the decoders have none of their own
        });
        var output = await Runs("--learning_rate", "0");
        Assert.Contains($"the encoder of {Fixture.Path("warmstart", encoder)}, the decoder of {Fixture.Path("warmstart", decoder)}, and ", output, StringComparison.Ordinal);
        Assert.Contains(words, output, StringComparison.Ordinal);

        // Every parameter that the reference copies is there bit for bit, and those that it draws are not zero.
        using var encoderWeights = Checkpoint.Open(Fixture.Path("warmstart", encoder));
        using var decoderWeights = Checkpoint.Open(Fixture.Path("warmstart", decoder));
        var result = ModelCheckpoint.Load(_run["out"]);
        var combo = JsonFile.ReadObject(Fixture.Path("warmstart", "expected.json"))["combos"]!.AsArray()
            .First(combo => combo!["made_with"]!.GetValue<string>().Contains("4.17", StringComparison.Ordinal) && combo!["encoder"]!.GetValue<string>() == encoder && combo["decoder"]!.GetValue<string>() == decoder)!;
        var (copied, drawn) = (0, 0);
        foreach (var (name, origin) in combo["parameters"]!.AsObject())
        {
            var (values, text) = (result.Parameters[name], origin!.GetValue<string>());
            if (text.StartsWith("init normal", StringComparison.Ordinal))
            {
                Assert.InRange(Math.Sqrt(values.Average(value => (double)value * value)), 0.015, 0.025); // initializer_range is 0.02
                drawn++;
            }
            else if (!text.StartsWith("init", StringComparison.Ordinal))
            {
                var source = text.StartsWith("encoder:", StringComparison.Ordinal) ? encoderWeights : decoderWeights;
                Assert.Equal(source.ReadSingles(text[(text.IndexOf(':', StringComparison.Ordinal) + 1)..]), values);
                copied++;
            }
        }

        Assert.True(copied > 40 && drawn >= 6, $"{copied} copied, {drawn} drawn");
        var config = JsonFile.ReadObject(_run["out/config.json"]); // what the training script must set
        Assert.All(new[] { "decoder_start_token_id", "eos_token_id", "pad_token_id" }, name => Assert.Equal(299, config[name]!.GetValue<int>()));
        Assert.Contains($"- Started from: {encoder}, {decoder}", File.ReadAllText(_run["out/HONEST_CARD.md"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_EncoderAndDecoder_LearnsAndAddsThePadTokenAsTheCardsRun()
    {
        UseModel(new JsonObject
        {
            ["encoder"] = Fixture.Path("warmstart", "vit-model"),
            ["decoder"] = Fixture.Path("warmstart", "gpt2-lmhead"),
            ["tokenizer"] = Fixture.Path("checkpoints", "e-bin-fp16"),
            ["add_pad_token"] = true,
        });
        await Runs("--learning_rate", "0.002", "--max_steps", "20", "--logging_steps", "5", "--loss", "pad");
        var config = JsonFile.ReadObject(_run["out/config.json"]);
        Assert.Equal((301, 300), (config["decoder"]!["vocab_size"]!.GetValue<int>(), config["pad_token_id"]!.GetValue<int>()));
        var losses = JsonFile.ReadObject(_run["out/trainer_state.json"])["log_history"]!.AsArray().Where(row => row!["loss"] is not null).Select(row => row!["loss"]!.GetValue<double>()).ToList();
        Assert.True(losses[^1] < losses[0] - 1, string.Join(' ', losses));
        using var captioner = Captioner.Load(_run["out"]);
        Assert.Equal(300, captioner.Tokenizer.PadTokenId);
    }

    [Theory]
    [InlineData("checkpoints/t-base")]
    [InlineData("checkpoints/t-417")]
    [InlineData("checkpoints/g-enc-dec-proj")]
    [InlineData("checkpoints/j-untied-decoder")]
    public async Task Run_ACheckpoint_GoesOnFromItsWeights(string folder)
    {
        var source = Fixture.Path(folder.Split('/'));
        UseModel(new JsonObject { ["checkpoint"] = source });
        var output = await Runs("--learning_rate", "0");
        Assert.Contains($"the weights of {source}", output, StringComparison.Ordinal);
        var (before, after) = (ModelCheckpoint.Load(source), ModelCheckpoint.Load(_run["out"]));
        Assert.All(before.Parameters, parameter => Assert.Equal(parameter.Value, after.Parameters[parameter.Key]));
        Assert.Equal(File.ReadAllText(Path.Combine(source, "vocab.json")).Length, File.ReadAllText(_run["out/vocab.json"]).Length);
        Assert.Contains($"- Started from: {Path.GetFileName(source)}", File.ReadAllText(_run["out/HONEST_CARD.md"]), StringComparison.Ordinal);

        await Runs("--learning_rate", "0.001", "--overwrite_output_dir");
        Assert.Contains(ModelCheckpoint.Load(_run["out"]).Parameters, parameter => !parameter.Value.AsSpan().SequenceEqual(before.Parameters.GetValueOrDefault(parameter.Key, parameter.Value)));
    }

    private void UseModel(JsonObject model) => _run.Write(run =>
    {
        run["model"] = model;
        run["data"]!.AsObject().Remove("validation");
        run["training"] = new JsonObject { ["max_steps"] = 1, ["label_max_length"] = 30, ["threads"] = 1 };
    });

    private async Task<string> Runs(params string[] arguments)
    {
        var (exitCode, output, error) = await TrainCommand.RunAsync(["run", _run.File, "--output_dir", _run["out"], .. arguments]);
        Assert.True(exitCode == 0, error);
        return output;
    }
}
