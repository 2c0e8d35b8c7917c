using System.Text.Json.Nodes;
using Sightline.Generation;
using Xunit;

namespace Sightline.Tests.Generation;

public sealed class GenerationOptionsTests
{
    private const string Everything = """
        {
          "max_length": 40, "max_new_tokens": 30, "min_length": 2, "min_new_tokens": 1, "early_stopping": "never", "num_beams": 6, "num_beam_groups": 3,
          "diversity_penalty": 0.5, "length_penalty": -1.0, "do_sample": false, "temperature": 0.7, "top_k": 10, "top_p": 0.9, "typical_p": 0.8,
          "epsilon_cutoff": 0.001, "eta_cutoff": 0.002, "repetition_penalty": 1.2, "no_repeat_ngram_size": 3, "bad_words_ids": [[1], [2, 3]],
          "suppress_tokens": [7], "begin_suppress_tokens": [8], "forced_bos_token_id": 4, "forced_eos_token_id": 5, "remove_invalid_values": true,
          "renormalize_logits": true, "num_return_sequences": 2, "seed": 12345678901, "decoder_prompt": [9, 10], "decoder_start_token_id": 11,
          "bos_token_id": 12, "eos_token_id": [13, 14], "pad_token_id": 15
        }
        """;

    [Fact]
    public void FromJson_EveryOption_SurvivesTheRoundTrip()
    {
        var json = JsonNode.Parse(Everything)!.AsObject();
        var options = GenerationOptions.FromJson(json);
        Assert.True(JsonNode.DeepEquals(json, options.ToJson()));
        Assert.Equal((6, -1.0, EarlyStopping.Never, 12345678901L), (options.NumBeams, options.LengthPenalty, options.EarlyStopping, options.Seed));
        Assert.Equal([[1], [2, 3]], options.BadWordsIds!);
        (options with { Compatibility = Compatibility.Transformers431 }).Validate();

        // A property that was forgotten in JSON or in the table above would be null.
        Assert.All(typeof(GenerationOptions).GetProperties().Where(p => Nullable.GetUnderlyingType(p.PropertyType) is not null), p => Assert.True(p.GetValue(options) is not null, p.Name));
    }

    [Fact]
    public void MergeOver_EmptyOptions_TakesEveryDefault()
    {
        var defaults = GenerationOptions.FromJson(JsonNode.Parse(Everything)!.AsObject());
        Assert.True(JsonNode.DeepEquals(defaults.ToJson(), new GenerationOptions().MergeOver(defaults).ToJson()));
        Assert.True(JsonNode.DeepEquals(defaults.ToJson(), defaults.MergeOver(new GenerationOptions { NumBeams = 1, TopK = 3 }).ToJson()));
    }

    [Fact]
    public void MergeOver_OneLengthGiven_DropsBothLengthsOfTheDefaults()
    {
        var defaults = new GenerationOptions { MaxLength = 40, MaxNewTokens = 30 };
        var merged = new GenerationOptions { MaxLength = 10 }.MergeOver(defaults);
        Assert.Equal((10, null), (merged.MaxLength, merged.MaxNewTokens));
        merged = new GenerationOptions { MaxNewTokens = 10 }.MergeOver(defaults);
        Assert.Equal((null, 10), (merged.MaxLength, merged.MaxNewTokens));
    }

    [Fact]
    public void FromJson_UnknownNames_AreNamedInOneLine()
    {
        var message = Assert.Throws<ConfigurationException>(() => GenerationOptions.FromJson(new JsonObject { ["num_beans"] = 3, ["max_length"] = 3, ["foo"] = 1 }, "the request")).Message;
        Assert.StartsWith("the request: unknown options 'num_beans', 'foo'; known are max_length,", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void FromJson_WrongTypes_AreReportedTogether()
    {
        var json = JsonNode.Parse("""{"num_beams": "four", "top_p": true, "early_stopping": "maybe", "bad_words_ids": [3], "do_sample": 1, "max_length": 2.5, "eos_token_id": [null], "seed": 1e300}""")!.AsObject();
        var message = Assert.Throws<ConfigurationException>(() => GenerationOptions.FromJson(json)).Message;
        Assert.Contains("8 problems", message, StringComparison.Ordinal);
        foreach (var name in json.Select(p => p.Key))
            Assert.Contains($"{name} is ", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData("""{"max_length": 20.0}""", 20)]
    [InlineData("""{"max_length": null}""", null)]
    [InlineData("{}", null)]
    public void FromJson_NumbersAsPythonWritesThem_AreRead(string json, int? expected) =>
        Assert.Equal(expected, GenerationOptions.FromJson(JsonNode.Parse(json)!.AsObject()).MaxLength);

    [Theory]
    [InlineData("""{"num_beams": 0}""", "num_beams is 0, 1 to 1024 is possible")]
    [InlineData("""{"num_beams": 100000}""", "num_beams is 100000")]
    [InlineData("""{"max_length": 0}""", "max_length is 0, at least 1")]
    [InlineData("""{"temperature": 0}""", "temperature is 0.0, needed is above 0")]
    [InlineData("""{"temperature": 1e-60}""", "temperature is")]
    [InlineData("""{"top_p": 1.5}""", "top_p is 1.5, needed is 0 to 1")]
    [InlineData("""{"typical_p": 0}""", "typical_p is 0.0")]
    [InlineData("""{"epsilon_cutoff": 1}""", "epsilon_cutoff is 1.0")]
    [InlineData("""{"repetition_penalty": -1}""", "repetition_penalty is -1.0")]
    [InlineData("""{"top_k": -1}""", "top_k is -1")]
    [InlineData("""{"no_repeat_ngram_size": -1}""", "no_repeat_ngram_size is -1")]
    [InlineData("""{"bad_words_ids": [[1], []]}""", "bad_words_ids has an empty list")]
    [InlineData("""{"bad_words_ids": [[1, -5]]}""", "bad_words_ids is -5")]
    [InlineData("""{"decoder_prompt": [-2]}""", "decoder_prompt is -2")]
    [InlineData("""{"pad_token_id": -1}""", "pad_token_id is -1")]
    [InlineData("""{"min_length": 9, "max_length": 8}""", "min_length 9 is above max_length 8")]
    [InlineData("""{"num_beams": 4, "num_beam_groups": 3}""", "num_beams 4 is not a multiple of num_beam_groups 3")]
    [InlineData("""{"num_beams": 4, "num_beam_groups": 2, "do_sample": true}""", "cannot be combined with do_sample")]
    [InlineData("""{"num_beams": 4, "diversity_penalty": 0.5}""", "diversity_penalty 0.5 needs num_beam_groups")]
    [InlineData("""{"num_return_sequences": 2}""", "num_return_sequences 2 is above num_beams 1")]
    [InlineData("""{"early_stopping": "never"}""", "from Transformers 4.31 on")]
    public void Validate_ValueOutOfRange_SaysWhatIsPossible(string json, string expected)
    {
        var options = GenerationOptions.FromJson(JsonNode.Parse(json)!.AsObject());
        Assert.Contains(expected, Assert.Throws<ConfigurationException>(options.Validate).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_ManyFaults_AreReportedTogether()
    {
        var message = Assert.Throws<ConfigurationException>(new GenerationOptions { NumBeams = 0, TopP = 2, LengthPenalty = double.NaN }.Validate).Message;
        Assert.StartsWith("generation options: 3 problems: ", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void Plan_BothLengths_VersionsDiffer()
    {
        var options = ToyModel.Options with { MaxLength = 8, MaxNewTokens = 20, DecoderPromptIds = [3] };
        Assert.Equal(8, new GenerationPlan(options).MaxLength);
        Assert.Equal(22, new GenerationPlan(options with { Compatibility = Compatibility.Transformers431 }).MaxLength);
        Assert.Equal(20, new GenerationPlan(options with { MaxLength = null, MaxNewTokens = null }).MaxLength);
        Assert.Equal(int.MaxValue, new GenerationPlan(options with { MaxLength = null, MaxNewTokens = int.MaxValue }).MaxLength);
    }

    [Fact]
    public void Plan_EveryProcessor_KeepsTheReferencesOrder()
    {
        var own = new LogitNormalization();
        var plan = new GenerationPlan(GenerationOptions.FromJson(JsonNode.Parse(Everything)!.AsObject()) with { Compatibility = Compatibility.Transformers431, LogitsProcessors = [own] });
        Assert.Equal(
            [
                typeof(HammingDiversityLogitsProcessor), typeof(RepetitionPenaltyLogitsProcessor), typeof(NoRepeatNgramLogitsProcessor), typeof(NoBadWordsLogitsProcessor),
                typeof(MinLengthLogitsProcessor), typeof(MinNewTokensLogitsProcessor), typeof(ForcedBosTokenLogitsProcessor), typeof(ForcedEosTokenLogitsProcessor),
                typeof(InfNanRemoveLogitsProcessor), typeof(SuppressTokensLogitsProcessor), typeof(SuppressTokensAtBeginLogitsProcessor), typeof(LogitNormalization), typeof(LogitNormalization),
            ],
            plan.Processors.Select(p => p.GetType()));
        Assert.Same(own, plan.Processors[^2]);
        Assert.Empty(plan.Warpers);
        plan = new GenerationPlan(plan.Options with { DoSample = true, NumBeamGroups = 1, DiversityPenalty = 0 });
        Assert.Equal(
            [
                typeof(TemperatureLogitsWarper), typeof(TopKLogitsWarper), typeof(TopPLogitsWarper), typeof(TypicalLogitsWarper), typeof(EpsilonLogitsWarper), typeof(EtaLogitsWarper), typeof(LogitNormalization),
            ],
            plan.Warpers.Select(p => p.GetType()));
        Assert.Equal([typeof(TopKLogitsWarper)], new GenerationPlan(ToyModel.Options with { DoSample = true }).Warpers.Select(p => p.GetType())); // HF's default top_k 50
    }
}
