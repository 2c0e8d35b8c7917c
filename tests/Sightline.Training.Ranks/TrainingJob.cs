using System.Text.Json.Nodes;
using Sightline.Configuration;
using Sightline.IO;
using Sightline.Models;
using Sightline.Training.Checkpointing;
using Sightline.Training.Distributed;
using Sightline.Training.Modeling;
using Sightline.Training.Native;

namespace Sightline.Training.Ranks;

/// <summary>Trains a checkpoint on made-up batches; rank r of w takes every w-th micro-batch, so that one process can take all of them.</summary>
public static class TrainingJob
{
    public const int Examples = 48;

    /// <param name="ranks">The ranks.</param>
    /// <param name="model">A config.json, for new weights.</param>
    /// <param name="arguments">Training arguments.</param>
    /// <param name="resumeFrom">A checkpoint; null: from the beginning.</param>
    public static JsonObject Run(ICollective ranks, string model, JsonObject arguments, string? resumeFrom = null)
    {
        TorchLibrary.Load();
        using var trained = TrainableModel.FromCheckpoint(ModelCheckpoint.Initialize(VisionEncoderDecoderConfig.Parse(JsonFile.ReadObject(model)), 1));
        var settings = TrainingArguments.FromJson(arguments, "the test") with { Threads = 1 };
        using var trainer = new Trainer(trained, settings, new MadeUpData(trained, ranks), collective: ranks);
        var result = trainer.Train(resumeFrom);
        trainer.SaveResults(result);
        return new JsonObject
        {
            ["rank"] = ranks.Rank,
            ["hash"] = WeightHash.Of(trained.Arena!.Values),
            ["buckets"] = trainer.Buckets,
            ["overlapped"] = trainer.OverlappedBuckets,
            ["steps"] = result.State.GlobalStep,
            ["max_steps"] = result.State.MaxSteps,
            ["epoch"] = result.State.Epoch,
            ["log"] = new JsonArray([.. result.State.LogHistory.Select(row => row.DeepClone())]),
        };
    }
}
