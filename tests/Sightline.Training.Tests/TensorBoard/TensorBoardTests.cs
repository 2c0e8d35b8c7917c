using System.Text.Json.Nodes;
using Sightline.Training.TensorBoard;

namespace Sightline.Training.Tests.TensorBoard;

public sealed class TensorBoardTests
{
    [Fact]
    public void MaskedCrc_KnownText_IsThePublishedValue()
    {
        // CRC32C("123456789") is 0xe3069283 (RFC 3720).
        Assert.Equal(unchecked(((0xe3069283u >> 15) | (0xe3069283u << 17)) + 0xa282ead8u), EventFile.MaskedCrc("123456789"u8));
        Assert.Equal(EventReader.Masked("123456789"u8), EventFile.MaskedCrc("123456789"u8));
        Assert.Equal(EventReader.Masked([]), EventFile.MaskedCrc([]));
    }

    [Fact]
    public void Callback_Run_WritesTheTagsOfTransformers()
    {
        var run = new GoldenRun("adam-warmup0-pad");
        using var folder = new TemporaryFolder();
        using var model = GoldenRun.Model();
        using var callback = new TensorBoardCallback(model.Config);
        var recorder = new Recorder();
        var arguments = run.Arguments with { OutputDir = folder.Path, MaxSteps = 20 };
        using (var trainer = new Trainer(model, arguments, run.TrainingData(), GoldenRun.EvaluationData(), [callback, recorder]))
            trainer.Train();

        Assert.Matches(@"runs/[A-Z][a-z]{2}\d\d_\d\d-\d\d-\d\d_.+/events\.out\.tfevents\.\d{10}\..+\.\d+\.0$", callback.FilePath);
        var entries = EventReader.Read(callback.FilePath!);
        Assert.Equal("brain.Event:2", entries[0].Version);
        var texts = entries.Where(entry => entry.Text is not null).ToList();
        Assert.Equal(["args/text_summary", "model_config/text_summary"], texts.Select(entry => entry.Tag));
        Assert.All(texts, entry => Assert.Equal("text", entry.Plugin));
        Assert.Equal(0.001, JsonNode.Parse(texts[0].Text!)!["learning_rate"]!.GetValue<double>());
        Assert.Equal("gpt2", JsonNode.Parse(texts[1].Text!)!["decoder"]!["model_type"]!.GetValue<string>());

        var tags = entries.Where(entry => entry.Value is not null).Select(entry => entry.Tag!).ToHashSet();
        Assert.Superset(
            new HashSet<string>
            {
                "train/loss", "train/learning_rate", "train/epoch", "eval/loss", "eval/runtime", "eval/samples_per_second", "eval/steps_per_second",
                "train/train_runtime", "train/train_samples_per_second", "train/train_steps_per_second", "train/train_loss", "train/total_flos",
                "train/loss_pad", "train/loss_masked", "train/loss_dilution", "train/grad_norm", "eval/loss_pad", "eval/loss_masked",
            },
            tags);
        foreach (var row in recorder.Rows.Where(row => row.ContainsKey("loss")))
            Assert.Contains(entries, entry => entry.Tag == "train/loss" && entry.Step == row["step"]!.GetValue<int>() && entry.Value == (float)row["loss"]!.GetValue<double>());
        foreach (var row in recorder.Rows.Where(row => row.ContainsKey("eval_loss")))
            Assert.Contains(entries, entry => entry.Tag == "eval/loss" && entry.Step == row["step"]!.GetValue<int>() && entry.Value == (float)row["eval_loss"]!.GetValue<double>());
        Assert.All(entries, entry => Assert.InRange(entry.Time, 1.6e9, 1e11));
    }
}
