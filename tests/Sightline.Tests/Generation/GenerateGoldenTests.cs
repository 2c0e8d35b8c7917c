using System.Text.Json.Nodes;
using Sightline.Checkpoints;
using Sightline.Generation;
using Sightline.IO;
using Sightline.Models;
using Xunit;

namespace Sightline.Tests.Generation;

/// <summary>Every case of tests/Fixtures/generate, in both versions of the reference. Tokens exact.</summary>
public sealed class GenerateGoldenTests
{
    // From the files. A negative length penalty multiplies the sum by the length, and its rounding with it: the reference's own scores of those
    // cases are up to 2.3e-5 off exact arithmetic (t-proj beam4-lp-1, picture 0: -18.571760 stored, -18.571737 exact), so there the tolerance is
    // that of the sum divided by the length, scaled like the score.
    private const double ScoreTolerance = 2e-5;
    private const double ObservedScoreTolerance = 5e-5; // "activations, logits": abs 5e-5 + rel 1e-5
    private const double ObservedScoreRelativeTolerance = 1e-5;

    public static TheoryData<string> Files =>
        [.. Directory.EnumerateFiles(Fixture.Path("generate"), "*.json").Select(f => Path.GetFileNameWithoutExtension(f)!).Where(n => n != "processors").Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Generate_EveryCase_GivesTheReferenceTokens(string name)
    {
        using var golden = Golden.Open(name);
        var (cases, failures) = (0, new List<string>());
        foreach (var item in golden.Json["cases"]!.AsArray())
        {
            foreach (var compatibility in Enum.GetValues<Compatibility>())
            {
                // "4.31" is only there where it differs from 4.17, and 4.17 not where it cannot run the case.
                var expected = compatibility == Compatibility.Transformers431 ? item!["4.31"] ?? item["4.17"] : item!["4.17"];
                if (expected is null)
                    continue;
                cases++;
                var output = golden.Generate(item["kwargs"]!.AsObject(), new GenerationOptions { Compatibility = compatibility });
                failures.AddRange(Compare(output, expected, (double?)item["kwargs"]!["length_penalty"] ?? 1).Select(f => $"{name} {item["name"]} {compatibility}: {f}"));
            }
        }

        Assert.True(cases >= 12, $"{name}: only {cases} runs");
        Assert.True(failures.Count == 0, string.Join(Environment.NewLine, failures));
    }

    [Fact]
    public void Files_Cases_AreAllThere() =>
        Assert.Equal(384, Files.Sum(f => JsonFile.ReadObject(Fixture.Path("generate", f + ".json"))["cases"]!.AsArray().Count));

    [Theory]
    [InlineData("greedy-20", 8)]
    [InlineData("beam4-16", 4)]
    public void Observer_FirstSteps_SeeTheReferenceScores(string caseName, int steps)
    {
        using var golden = Golden.Open("t-base");
        var kwargs = golden.Json["cases"]!.AsArray().Single(c => (string)c!["name"]! == caseName)!["kwargs"]!.AsObject();
        var compared = 0;
        golden.Generate(kwargs, new GenerationOptions
        {
            ScoresObserver = (step, scores, vocabularySize) =>
            {
                if (step >= steps)
                    return;
                var expected = golden.Tensors.ReadSingles($"scores.{caseName}.{step}");
                Assert.Equal(expected.Length, scores.Length);
                for (var i = 0; i < expected.Length; i++)
                    AssertClose(expected[i], scores[i], $"{caseName} step {step}, row {i / vocabularySize}, token {i % vocabularySize}");
                compared++;
            },
        });
        Assert.Equal(steps, compared);
    }

    [Theory]
    [InlineData("t-base", "greedy-50")]
    [InlineData("t-base", "beam4-lp2.0-noearly-50")]
    [InlineData("t-deit-distinct-pad", "beam4-ret3")]
    public void Generate_ImagesOneByOne_GivesWhatTheBatchGives(string file, string caseName)
    {
        using var golden = Golden.Open(file);
        var item = golden.Json["cases"]!.AsArray().Single(c => (string)c!["name"]! == caseName)!;
        var batch = golden.Generate(item["kwargs"]!.AsObject(), new GenerationOptions()).Sequences;
        Assert.True(batch.Select(s => string.Join(' ', s.TokenIds)).Distinct().Count() > 1, "the images must differ");
        for (var image = 0; image < golden.Images; image++)
        {
            var single = golden.Generate(item["kwargs"]!.AsObject(), new GenerationOptions(), image).Sequences;
            var expected = batch.Where(s => s.Image == image).ToList();
            Assert.Equal(expected.Select(s => s.TokenIds), single.Select(s => s.TokenIds));
            for (var i = 0; i < single.Count; i++)
                Assert.Equal(expected[i].Score, single[i].Score, ScoreTolerance);
        }
    }

    [Fact]
    public void Generate_LogProbabilities_SumToTheScoreTimesTheLength()
    {
        using var golden = Golden.Open("t-base");
        var output = golden.Generate(new JsonObject { ["num_beams"] = 4, ["max_length"] = 30, ["num_return_sequences"] = 4, ["length_penalty"] = 0.6 }, new GenerationOptions());
        Assert.Equal(12, output.Sequences.Count);
        foreach (var sequence in output.Sequences)
        {
            Assert.Equal(sequence.TokenIds.Count - sequence.PromptLength, sequence.LogProbabilities.Count);
            var length = sequence.TokenIds.Count - (sequence.Finish == FinishReason.EndOfSequence ? 1 : 0);
            Assert.Equal(sequence.LogProbabilities.Sum() / Math.Pow(length, 0.6), sequence.Score, ScoreTolerance);
        }
    }

    private static IEnumerable<string> Compare(GenerationOutput output, JsonNode expected, double lengthPenalty)
    {
        var rows = output.ToPadded();
        var wanted = expected["sequences"]!.AsArray();
        if (rows.Length != wanted.Count)
            yield return $"{rows.Length} sequences, {wanted.Count} expected";
        for (var i = 0; i < Math.Min(rows.Length, wanted.Count); i++)
        {
            int[] ids = [.. wanted[i]!.AsArray().Select(id => (int)id!)];
            if (!ids.AsSpan().SequenceEqual(rows[i]))
                yield return $"row {i} is [{string.Join(", ", rows[i])}], expected [{string.Join(", ", ids)}]";
        }

        var scores = expected["sequences_scores"]?.AsArray();
        for (var i = 0; i < scores?.Count; i++)
        {
            var (score, want) = (output.Sequences[i].Score, (double)scores[i]!);
            var scale = lengthPenalty < 0 ? Math.Pow(output.Sequences[i].TokenIds.Count, -lengthPenalty) : 1;
            if (!(Math.Abs(score - want) <= ScoreTolerance * scale))
                yield return $"score {i} is {score}, expected {want}, difference {Math.Abs(score - want)}";
        }
    }

    private static void AssertClose(float expected, float actual, string where)
    {
        if (float.IsInfinity(expected) ? actual.Equals(expected) : Math.Abs(expected - actual) <= ObservedScoreTolerance + ObservedScoreRelativeTolerance * Math.Abs(expected))
            return;
        Assert.Fail($"{where}: {actual}, expected {expected}");
    }

    private sealed class Golden : IDisposable
    {
        private readonly VisionEncoderDecoderModel _model;
        private readonly GenerationConfig _config;
        private readonly float[] _pixels;

        private Golden(string name)
        {
            Json = JsonFile.ReadObject(Fixture.Path("generate", name + ".json"));
            var folder = Path.GetFullPath(Fixture.Path("generate", (string)Json["checkpoint"]!));
            Tensors = SafetensorsFile.Open(Fixture.Path("generate", (string)Json["pixel_values"]!));
            _pixels = Tensors.ReadSingles("pixel_values");
            Images = (int)Tensors.Tensors["pixel_values"].Shape[0];
            _model = VisionEncoderDecoderModel.Load(folder, new ModelOptions { Threads = 1 });
            _config = GenerationConfig.Load(folder);
        }

        public JsonObject Json { get; }

        public TensorSource Tensors { get; }

        public int Images { get; }

        public static Golden Open(string name) => new(name);

        public GenerationOutput Generate(JsonObject kwargs, GenerationOptions more, int? onlyImage = null)
        {
            var options = (GenerationOptions.FromJson(kwargs) with { Compatibility = more.Compatibility }).MergeOver(more).MergeOver(_config.Options);
            var size = _pixels.Length / Images;
            var encoded = onlyImage is { } image ? _model.Encode(_pixels.AsSpan(image * size, size)) : _model.Encode(_pixels, Images);
            return TextGenerator.Generate(rows => _model.StartDecoding(encoded, rows), options, TestContext.Current.CancellationToken);
        }

        public void Dispose()
        {
            Tensors.Dispose();
            _model.Dispose();
        }
    }
}
