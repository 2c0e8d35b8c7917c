using System.Text.Json.Nodes;
using Sightline.Checkpoints;
using Sightline.Generation;
using Sightline.IO;
using Xunit;

namespace Sightline.Tests.Generation;

/// <summary>tests/Fixtures/generate/processors: the scores after each processor and warper.</summary>
public sealed class LogitsProcessorGoldenTests
{
    private const float Tolerance = 1e-6f; // from the file: float32 division; the pattern of minus infinity is exact

    private static JsonObject Manifest { get; } = JsonFile.ReadObject(Fixture.Path("generate", "processors.json"));

    public static TheoryData<string, string, Compatibility> Cases
    {
        get
        {
            var data = new TheoryData<string, string, Compatibility>();
            foreach (var (input, _) in Manifest["inputs"]!.AsObject())
            {
                foreach (var (name, _) in Manifest["cases"]!.AsObject())
                {
                    foreach (var compatibility in Enum.GetValues<Compatibility>())
                        data.Add(input, name, compatibility);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Process_GoldenInput_GivesTheReferenceScores(string input, string name, Compatibility compatibility)
    {
        using var tensors = SafetensorsFile.Open(Fixture.Path("generate", "processors.safetensors"));
        var scores = tensors.ReadSingles($"{input}.logits");
        var before = scores.ToArray();
        int[] ids = [.. tensors.ReadInt64s($"{input}.input_ids").Select(id => (int)id)];
        var (rows, length) = ((int)tensors.Find($"{input}.input_ids").Shape[0], (int)tensors.Find($"{input}.input_ids").Shape[1]);
        var vocabulary = scores.Length / rows;
        foreach (var processor in Create(Manifest["cases"]![name]!.AsObject(), compatibility))
        {
            for (var row = 0; row < rows; row++)
                processor.Process(new GenerationContext { InputIds = ids.AsSpan(row * length, length), PromptLength = 1, Row = row }, scores.AsSpan(row * vocabulary, vocabulary));
        }

        var differs = Manifest["differs_4.31"]!.AsArray().Any(n => (string)n! == $"{input}.{name}");
        var expected = tensors.ReadSingles(differs && compatibility == Compatibility.Transformers431 ? $"{input}.{name}.431" : $"{input}.{name}");
        AssertScores(expected, scores);
        var inert = name is "top_k-1000" or "forced_bos" || name.StartsWith("min_length", StringComparison.Ordinal) || name.StartsWith("forced_eos", StringComparison.Ordinal)
                    || name.StartsWith("no_repeat", StringComparison.Ordinal) || name.StartsWith("bad_words", StringComparison.Ordinal) || name.StartsWith("top_p-0.999", StringComparison.Ordinal);
        Assert.True(inert || !before.AsSpan().SequenceEqual(scores), "the case must change something");
    }

    [Fact]
    public void HammingDiversity_SecondGroup_GivesTheReferenceScores()
    {
        using var tensors = SafetensorsFile.Open(Fixture.Path("generate", "processors.safetensors"));
        var hamming = Manifest["hamming"]!;
        var (beams, groups, group) = ((int)hamming["num_beams"]!, (int)hamming["num_beam_groups"]!, (int)hamming["beam_group_idx"]!);
        var scores = tensors.ReadSingles("hamming.logits"); // [images * group size, vocab]
        int[] tokens = [.. tensors.ReadInt64s("hamming.current_tokens").Select(id => (int)id)]; // [images * beams]
        var vocabulary = (int)tensors.Find("hamming.logits").Shape[1];
        var groupSize = beams / groups;
        var processor = new HammingDiversityLogitsProcessor((double)hamming["diversity_penalty"]!);
        var before = scores.ToArray();
        for (var row = 0; row < scores.Length / vocabulary; row++)
        {
            var image = row / groupSize;
            processor.Process(new GenerationContext { PreviousGroupTokens = tokens.AsSpan(image * beams, group * groupSize) }, scores.AsSpan(row * vocabulary, vocabulary));
        }

        AssertScores(tensors.ReadSingles("hamming.out"), scores);
        Assert.NotEqual(before, scores);
    }

    [Fact]
    public void InfNanRemove_GoldenInput_GivesTheReferenceScores()
    {
        using var tensors = SafetensorsFile.Open(Fixture.Path("generate", "processors.safetensors"));
        var scores = tensors.ReadSingles("infnan.logits");
        new InfNanRemoveLogitsProcessor().Process(default, scores);
        AssertScores(tensors.ReadSingles("infnan.out"), scores);
    }

    private static IEnumerable<ILogitsProcessor> Create(JsonObject settings, Compatibility compatibility)
    {
        if (settings["order"] is JsonArray order)
            return [.. order.Select(step => CreateNamed((string)step!, compatibility))];
        var keep = (int?)settings["min_tokens_to_keep"] ?? 1;
        int[] eos = settings["eos_token_id"] is { } id ? [(int)id] : [];
        var (name, value) = settings.First();
        return
        [
            name switch
            {
                "temperature" => new TemperatureLogitsWarper((double)value!),
                "top_k" => new TopKLogitsWarper((int)value!, keep),
                "top_p" => new TopPLogitsWarper((double)value!, keep, compatibility),
                "typical_p" => new TypicalLogitsWarper((double)value!, keep),
                "repetition_penalty" => new RepetitionPenaltyLogitsProcessor((double)value!),
                "no_repeat_ngram_size" => new NoRepeatNgramLogitsProcessor((int)value!),
                "bad_words_ids" => new NoBadWordsLogitsProcessor(
                    value!.AsArray().Select(word => (int[])[.. word!.AsArray().Select(token => (int)token!)]), eos, compatibility),
                "min_length" => new MinLengthLogitsProcessor((int)value!, eos),
                "forced_bos_token_id" => new ForcedBosTokenLogitsProcessor((int)value!),
                "forced_eos_token_id" => new ForcedEosTokenLogitsProcessor((int)settings["max_length"]!, (int)value!),
                _ => throw new NotSupportedException(name),
            },
        ];
    }

    private static ILogitsProcessor CreateNamed(string step, Compatibility compatibility)
    {
        var (name, value) = (step.Split(' ')[0], double.Parse(step.Split(' ')[1]));
        return name switch
        {
            "temperature" => new TemperatureLogitsWarper(value),
            "top_k" => new TopKLogitsWarper((int)value),
            "top_p" => new TopPLogitsWarper(value, 1, compatibility),
            "repetition" => new RepetitionPenaltyLogitsProcessor(value),
            "ngram" => new NoRepeatNgramLogitsProcessor((int)value),
            _ => throw new NotSupportedException(name),
        };
    }

    private static void AssertScores(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            // ForcedBos and the like give exact infinities; finfo.max (1 in 3.4e38) compares exactly too.
            var same = expected[i].Equals(actual[i]) || (float.IsFinite(expected[i]) && Math.Abs(expected[i] - actual[i]) <= Tolerance);
            Assert.True(same, $"[{i}] is {actual[i]:R}, expected {expected[i]:R}");
        }
    }
}
