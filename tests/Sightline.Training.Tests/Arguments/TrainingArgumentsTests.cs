using System.Text.Json.Nodes;
using Sightline.Training.Optimization;

namespace Sightline.Training.Tests.Arguments;

public sealed class TrainingArgumentsTests
{
    [Fact]
    public void ToJson_Defaults_AreTransformersDefaults()
    {
        var json = new TrainingArguments().ToJson();
        foreach (var (name, expected) in new (string, string)[]
        {
            ("learning_rate", "5E-05"), ("per_device_train_batch_size", "8"), ("num_train_epochs", "3"), ("max_steps", "-1"), ("adam_epsilon", "1E-08"), ("max_grad_norm", "1"),
            ("lr_scheduler_type", "\"linear\""), ("optim", "\"adamw_hf\""), ("evaluation_strategy", "\"no\""), ("save_strategy", "\"steps\""), ("save_steps", "500"),
            ("logging_steps", "500"), ("seed", "42"), ("label_smoothing_factor", "0"), ("load_best_model_at_end", "false"), ("loss", "\"masked\""),
            ("label_max_length", "50"), ("accumulation_normalization", "\"tokens\""), ("accumulation_leftover", "\"step\""), ("freeze", "[]"),
        })
            Assert.Equal(expected, json[name]!.ToJsonString());
        new TrainingArguments().Validate();
    }

    [Fact]
    public void FromJson_EveryArgument_RoundTrips()
    {
        var arguments = new TrainingArguments
        {
            OutputDir = "x",
            LearningRate = 1.25e-4,
            MaxSteps = 7,
            LrSchedulerType = SchedulerKind.Cosine,
            EvalSteps = 3,
            SaveTotalLimit = 2,
            Bf16 = true,
            Freeze = ["a", "b*"],
            Optim = OptimizerKind.AdamTorch,
            GreaterIsBetter = true,
            MetricForBestModel = "cider",
            Loss = LossKind.Pad,
            Seed = 1L << 40,
            AccumulationLeftover = AccumulationLeftover.Carry,
            EvaluationStrategy = IntervalStrategy.Epoch,
        };
        var again = TrainingArguments.FromJson(arguments.ToJson(), "test");
        Assert.Equal(arguments.ToJson().ToJsonString(), again.ToJson().ToJsonString());
        Assert.Equal(SchedulerKind.Cosine, again.LrSchedulerType);
    }

    [Theory]
    [InlineData("learning_rate", "2e-5", "2E-05")]
    [InlineData("learning-rate", "1", "1")]
    [InlineData("max_steps", "1e3", "1000")]
    [InlineData("bf16", "true", "true")]
    [InlineData("lr_scheduler_type", "constant_with_warmup", "\"constant_with_warmup\"")]
    [InlineData("save_total_limit", "null", "null")]
    [InlineData("freeze", "encoder.*,*.wpe.weight", "[\"encoder.*\",\"*.wpe.weight\"]")]
    [InlineData("output_dir", "7", "\"7\"")]
    public void With_CommandLineText_SetsTheArgument(string name, string text, string expected)
    {
        var json = new TrainingArguments().With(name, text).ToJson();
        Assert.Equal(expected, json[name.Replace('-', '_')]?.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) ?? "null");
    }

    [Theory]
    [InlineData("learning_rat", "1", "did you mean learning_rate")]
    [InlineData("max_steps", "1.5", "a whole number was expected")]
    [InlineData("max_steps", "3000000000", "a whole number was expected")]
    [InlineData("lr_scheduler_type", "stepwise", "linear, cosine, cosine_with_restarts, polynomial, constant, constant_with_warmup")]
    [InlineData("bf16", "maybe", "true or false")]
    [InlineData("learning_rate", "NaN", "a number was expected")]
    [InlineData("output_dir", "null", null)]
    public void With_TextThatDoesNotFit_SaysWhatDoes(string name, string text, string? expected)
    {
        if (expected is null)
        {
            Assert.Equal("null", new TrainingArguments().With(name, text).OutputDir); // a folder may have that name
            return;
        }

        Assert.Contains(expected, Assert.Throws<ConfigurationException>(() => new TrainingArguments().With(name, text)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FromJson_SeveralFaults_AreReportedTogether()
    {
        var json = new JsonObject { ["seed"] = "x", ["nonsense"] = 1, ["fp16"] = 3, ["learning_rate"] = null };
        var message = Assert.Throws<ConfigurationException>(() => TrainingArguments.FromJson(json, "run.json")).Message;
        Assert.StartsWith("run.json: 4 problems:", message, StringComparison.Ordinal);
        foreach (var name in new[] { "seed", "nonsense", "fp16", "learning_rate" })
            Assert.Contains(name, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void Validate_SeveralFaults_AreReportedTogether()
    {
        var arguments = new TrainingArguments { LearningRate = -1, PerDeviceTrainBatchSize = 0, Fp16 = true, Bf16 = true, MaxSteps = 0, LoadBestModelAtEnd = true };
        var message = Assert.Throws<ConfigurationException>(arguments.Validate).Message;
        Assert.Contains("5 problems", message, StringComparison.Ordinal);
        Assert.Contains("load_best_model_at_end", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Presets_VizWiz_AreTheCardsValues()
    {
        var preset = Presets.Find("vizwiz");
        preset.Validate();
        Assert.Equal((2e-5, 8, 42L, 3.0), (preset.LearningRate, preset.PerDeviceTrainBatchSize, preset.Seed, preset.NumTrainEpochs));
        Assert.Equal((LossKind.Pad, 512), (preset.Loss, preset.LabelMaxLength));
        Assert.Throws<ConfigurationException>(() => Presets.Find("coco"));
    }
}
