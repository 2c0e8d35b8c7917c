using System.Diagnostics;
using System.Text.Json.Nodes;
using Sightline.Configuration;
using Sightline.Models;
using Sightline.Training.Checkpointing;
using Sightline.Training.Distributed;
using Sightline.Training.Modeling;

namespace Sightline.Training.Benchmarks.Ranks;

/// <summary>One rank's training steps: alone, with gradients exchanged after backward, and while it runs. Rank 0 prints medians.</summary>
internal static class RankSteps
{
    private const int Batch = 4;
    private const int Tokens = 32;

    // 28 M parameters; the tied embedding has 11 % of them, as in the full-size model it has 16 %.
    private const string Config = """
        {
          "model_type": "vision-encoder-decoder",
          "encoder": { "model_type": "vit", "hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 6, "intermediate_size": 1536, "image_size": 224, "patch_size": 16 },
          "decoder": { "model_type": "gpt2", "n_embd": 384, "n_layer": 6, "n_head": 6, "n_positions": 64, "vocab_size": 8192, "add_cross_attention": true, "is_decoder": true, "bos_token_id": 0, "eos_token_id": 0 },
          "decoder_start_token_id": 0, "pad_token_id": 0
        }
        """;

    public static int Run(int megabits, int bucketMegabytes, int steps)
    {
        using var ranks = Collectives.Connect(RankEnvironment.Detect(), "cpu", TimeSpan.FromMinutes(2));
        var arguments = new TrainingArguments { PerDeviceTrainBatchSize = Batch, LearningRate = 2e-5, DdpBucketCapMb = bucketMegabytes, Threads = 1 };
        using var aloneModel = Model();
        using var afterModel = Model();
        using var overlappedModel = Model();
        using var alone = new TrainingStep(aloneModel, arguments, new LocalCollective());
        using var after = new TrainingStep(afterModel, arguments, ranks);
        using var overlapped = new TrainingStep(overlappedModel, arguments, ranks);
        var batch = RandomBatch.Make(aloneModel, Batch, captionsEach: 1, Tokens);
        var rounds = new List<Round>();
        for (var i = -2; i < steps; i++) // two to warm up; the ways take turns, since the machine may be busier at one time than at another
        {
            double Step(TrainingStep step, bool overlaps, out double update)
            {
                ranks.Barrier();
                var gradients = Time(() => step.Accumulate(batch, isLast: overlaps)); // not the last: Apply exchanges all
                update = Time(() => step.Apply(2e-5, 1));
                return gradients + update;
            }

            var round = new Round(Step(alone, false, out var update), update, Step(after, false, out _), Step(overlapped, true, out _), Exchange(after, ranks));
            if (i >= 0)
                rounds.Add(round);
        }

        if (after.Reducer!.Overlapped != 0 || overlapped.Reducer!.Overlapped == 0)
            throw new InvalidOperationException($"{overlapped.Reducer!.Overlapped} buckets travelled while backward ran, and {after.Reducer.Overlapped} where none should");
        var weights = WeightHash.Of(after.Arena.Values);
        if (weights != WeightHash.Of(overlapped.Arena.Values) || ranks.Gather(weights).Distinct().Count() != 1)
            throw new InvalidOperationException("the weights with and without overlap, or of the ranks, are not the same bits");
        var alpha = SmallSum(ranks);
        if (ranks.Rank > 0)
            return 0;
        var tied = overlapped.Arena.Slots.Where(slot => slot.Name.EndsWith("wte.weight", StringComparison.Ordinal)).Sum(slot => (double)slot.Count);
        var size = new GradientSize(4.0 * overlapped.Arena.Length, 4 * tied, bucketMegabytes * (double)(1 << 20));
        var model = new AlphaBeta(ranks.WorldSize, alpha, megabits * 1e6 / 8);
        var compute = Median(rounds, round => round.Alone - round.Update);
        var fixedTime = Median(rounds, round => round.Alone) - compute;
        var (modelAfter, modelOverlapped) = (model.Step(size, compute, overlaps: false), model.Step(size, compute, overlaps: true));
        Console.WriteLine($"""
            {ranks.WorldSize} ranks over {ranks.Description}; {megabits} Mbit/s each way, {size.Bytes / 4e6:F1} M parameters ({size.Bytes / 1e6:F0} MB of gradients, {size.Buckets} buckets), batch {Batch}, one thread a rank, {steps} rounds:
            | ms | median | least | alpha-beta model |
            |---|---|---|---|
            | step without exchange | {Cells(rounds, round => round.Alone)} | |
            | exchange alone | {Cells(rounds, round => round.Exchange)} | {model.Communication(size) * 1e3:F0} |
            | step, exchange after backward | {Cells(rounds, round => round.After)} | {(modelAfter + fixedTime) * 1e3:F0} |
            | step, exchange while backward runs | {Cells(rounds, round => round.Overlapped)} | {(modelOverlapped + fixedTime) * 1e3:F0} |
            | exposed, after backward | {Cells(rounds, round => round.After - round.Alone)} | {(modelAfter - compute) * 1e3:F0} |
            | exposed, while backward runs | {Cells(rounds, round => round.Overlapped - round.Alone)} | {(modelOverlapped - compute) * 1e3:F0} |
            alpha {alpha * 1e6:F0} us (4 KB summed, median); both ways end in the same weights, bit for bit.

            """);
        return 0;
    }

    private static double Exchange(TrainingStep step, ICollective ranks)
    {
        ranks.Barrier();
        return Time(step.Reducer!.Finish); // of gradients that are all zero
    }

    private static unsafe double SmallSum(ICollective ranks)
    {
        var values = new float[1024];
        fixed (float* address = values)
        {
            var buffer = new CollectiveBuffer((nint)address, values.Length, CollectiveElement.Fp32);
            return Enumerable.Range(0, 101).Select(_ => Time(() => ranks.SumAsync(buffer).GetAwaiter().GetResult())).Order().ElementAt(50);
        }
    }

    private static TrainableModel Model() => TrainableModel.FromCheckpoint(ModelCheckpoint.Initialize(VisionEncoderDecoderConfig.Parse(JsonNode.Parse(Config)!.AsObject()), 1));

    private static double Time(Action action)
    {
        var clock = Stopwatch.StartNew();
        action();
        return clock.Elapsed.TotalSeconds;
    }

    private static string Cells(List<Round> rounds, Func<Round, double> value) => $"{Median(rounds, value) * 1e3:F0} | {rounds.Min(value) * 1e3:F0}";

    private static double Median(List<Round> rounds, Func<Round, double> value) => rounds.Select(value).Order().ElementAt(rounds.Count / 2);

    private sealed record Round(double Alone, double Update, double After, double Overlapped, double Exchange);
}
