using System.Text;
using System.Text.Json.Nodes;
using Sightline.IO;
using Sightline.Metrics;
using Sightline.Tests;
using Xunit;

namespace Sightline.Training.Cli.Tests;

/// <summary>Runs that caption their validation pictures and score the captions (<c>predict_with_generate</c>).</summary>
public sealed class PredictWithGenerateTests : IDisposable
{
    private static readonly string s_model = Fixture.Path("checkpoints", "t-base");
    private readonly ShapesRun _run = new();

    public void Dispose() => _run.Dispose();

    [Theory]
    [InlineData("2", "20", "there is a big yellow circle in the pic", "a small yellow triangle on a black b", "two shapes, green and yellow.")]
    [InlineData(null, null, "a yellow square", "a small yellow triangle on a black background", "a green circle next to a yellow triangle on white")]
    public async Task Run_AModelThatDoesNotLearn_GetsTheReferencesCaptionsAndScores(string? beams, string? length, params string[] captions)
    {
        WriteGoldenRun(captions);
        string[] search = [.. beams is null ? [] : new[] { "--generation_num_beams", beams }, .. length is null ? [] : new[] { "--generation_max_length", length }];
        var (exitCode, output, error) = await TrainCommand.RunAsync(
            ["run", _run.File, "--output_dir", _run["out"], "--max_steps", "1", "--learning_rate", "0", "--evaluation_strategy", "steps", "--eval_steps", "1", "--predict_with_generate", .. search]);
        Assert.True(exitCode == 0, error);

        // What generate() of Transformers 4.17 gives is what is scored; the picture whose captions the VizWiz rules drop is not captioned.
        var results = CaptionResults.Load(_run["out/eval_captions.json"]);
        Assert.Equal(captions, results.Select(result => result.Caption));
        Assert.Equal([1, 2, 3], results.Select(result => result.ImageId));
        var all = JsonFile.ReadObject(_run["out/all_results.json"]);
        foreach (var name in new[] { "Bleu_1", "Bleu_2", "ROUGE_L" })
            Assert.Equal(1, all[$"eval_{name}"]!.GetValue<double>(), 1e-6);
        var report = CaptionEvaluation.Run(CaptionAnnotations.Load(_run["val.json"]), results, new EvaluationOptions { Meteor = new Meteor() });
        Assert.Equal(["Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4", "ROUGE_L", "CIDEr", "METEOR"], report.Metrics.Select(metric => metric.Name));
        Assert.Equal(beams is null ? 9.1667 : 10, report.Metric("CIDEr").Corpus, 1e-4); // 10 is the most there is; three words have no 4-grams

        // The same numbers in every place.
        var rows = JsonFile.ReadObject(_run["out/trainer_state.json"])["log_history"]!.AsArray().Where(row => row!["eval_loss"] is not null).ToList();
        Assert.Equal(2, rows.Count);
        var (card, honest) = (File.ReadAllText(_run["out/README.md"]), File.ReadAllText(_run["out/HONEST_CARD.md"]));
        var events = Encoding.Latin1.GetString(File.ReadAllBytes(Assert.Single(Directory.EnumerateFiles(_run["out/runs"], "events.*", SearchOption.AllDirectories))));
        foreach (var metric in report.Metrics)
        {
            Assert.Equal(metric.Corpus, all[$"eval_{metric.Name}"]!.GetValue<double>());
            Assert.All(rows, row => Assert.Equal(metric.Corpus, row![$"eval_{metric.Name}"]!.GetValue<double>()));
            Assert.Contains($"| {metric.Name} | {metric.Corpus:F4} |", honest, StringComparison.Ordinal);
            Assert.Contains($"eval/{metric.Name}", events, StringComparison.Ordinal);
            Assert.Contains($"{metric.Name} {metric.Corpus:F4}", output, StringComparison.Ordinal);
        }

        Assert.Contains(beams is null ? "- Cider: 9.1667" : "- Cider: 10.0", card, StringComparison.Ordinal);
        Assert.Matches(@"\| Rouge L +\| Cider +\| Meteor +\|", card);
        Assert.Contains("The metrics compare 3 captions of 4 evaluation pictures", honest, StringComparison.Ordinal);
        Assert.Contains("three stages ran", honest, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CIDEr")]
    [InlineData("eval_CIDEr")]
    [InlineData("loss")]
    public async Task Run_MetricForBestModel_MoreOfAScoreIsBetterAndLessOfALoss(string metric)
    {
        WriteGoldenRun("a yellow square", "a small yellow triangle on a black background", "a green circle next to a yellow triangle on white");
        var (exitCode, _, error) = await TrainCommand.RunAsync(
            "run", _run.File, "--output_dir", _run["out"], "--max_steps", "3", "--save_steps", "1", "--evaluation_strategy", "steps", "--eval_steps", "1", "--predict_with_generate",
            "--metric_for_best_model", metric, "--load_best_model_at_end", "--learning_rate", "0.002");
        Assert.True(exitCode == 0, error);
        var state = JsonFile.ReadObject(_run["out/trainer_state.json"]);
        var key = metric.StartsWith("eval_", StringComparison.Ordinal) ? metric : $"eval_{metric}";
        var rows = state["log_history"]!.AsArray().Where(row => row!["eval_loss"] is not null).ToList();
        var values = rows.Take(3).Select(row => row![key]!.GetValue<double>()).ToList();
        Assert.NotEqual(values.Min(), values.Max()); // else the choice would not matter
        var best = metric == "loss" ? values.Min() : values.Max();
        Assert.Equal(best, state["best_metric"]!.GetValue<double>());
        Assert.EndsWith($"checkpoint-{1 + values.IndexOf(best)}", state["best_model_checkpoint"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(best, rows[3]![key]!.GetValue<double>()); // the weights of the best checkpoint are those at the end
    }

    [Theory]
    [InlineData("metric_for_best_model is 'CIDEr'; that needs predict_with_generate", "--metric_for_best_model", "CIDEr")]
    [InlineData("metric_for_best_model is 'eval_accuracy'; loss, runtime", "--metric_for_best_model", "eval_accuracy", "--predict_with_generate")]
    [InlineData("generation_max_length is 65; the decoder has 64 positions", "--predict_with_generate", "--generation_max_length", "65")]
    [InlineData("2 problems: generation_max_length is 1; at least 2", "--generation_max_length", "1", "--generation_num_beams", "0")]
    public async Task Run_SettingsThatCannotWork_SaysSoBeforeTraining(string words, params string[] arguments) => await Fails(words, arguments);

    [Fact]
    public async Task Run_NothingToCaption_SaysSoBeforeTraining()
    {
        _run.Write(run => run["data"]!.AsObject().Remove("validation"));
        await Fails("predict_with_generate is set and the run file has no data.validation", "--predict_with_generate");
        WriteGoldenRun();
        await Fails("predict_with_generate has nothing to compare with: every caption is flagged", "--predict_with_generate");
    }

    private async Task Fails(string words, params string[] arguments)
    {
        var (exitCode, _, error) = await TrainCommand.RunAsync(["run", _run.File, "--output_dir", _run["out"], .. arguments]);
        Assert.Equal(1, exitCode);
        Assert.Contains(words, Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Empty(Directory.Exists(_run["out"]) ? Directory.EnumerateDirectories(_run["out"], "checkpoint-*") : []);
    }

    // The fixtures' three pictures with these captions and a rejected one each, and a picture that has only a pre-canned caption; the trained tiny model.
    private void WriteGoldenRun(params string[] captions)
    {
        var (images, annotations) = (new JsonArray(), new JsonArray());
        for (var i = 0; i < 4; i++)
        {
            images.Add(new JsonObject { ["id"] = i + 1, ["file_name"] = $"shape{i % 3}.png" });
            if (i < captions.Length)
                annotations.Add(new JsonObject { ["id"] = 10 * i, ["image_id"] = i + 1, ["caption"] = captions[i] });
            annotations.Add(new JsonObject { ["id"] = (10 * i) + 1, ["image_id"] = i + 1, ["caption"] = "buy this", [i < 3 ? "is_rejected" : "is_precanned"] = true });
        }

        JsonFile.WriteObject(_run["val.json"], new JsonObject { ["images"] = images, ["annotations"] = annotations });
        _run.Write(run =>
        {
            var folder = Fixture.Path("images", "shapes");
            run["data"] = new JsonObject { ["train"] = "val.json", ["train_images"] = folder, ["validation"] = "val.json", ["validation_images"] = folder };
            run["model"] = new JsonObject { ["checkpoint"] = s_model };
        });
    }
}
