using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sightline.Generation;

/// <content>Options as JSON, with Hugging Face's names.</content>
public sealed partial record GenerationOptions
{
    private static readonly Dictionary<string, Func<GenerationOptions, JsonNode, GenerationOptions>> s_readers = new()
    {
        ["max_length"] = (o, v) => o with { MaxLength = Integer(v) },
        ["max_new_tokens"] = (o, v) => o with { MaxNewTokens = Integer(v) },
        ["min_length"] = (o, v) => o with { MinLength = Integer(v) },
        ["min_new_tokens"] = (o, v) => o with { MinNewTokens = Integer(v) },
        ["early_stopping"] = (o, v) => o with { EarlyStopping = EarlyStoppingValue(v) },
        ["num_beams"] = (o, v) => o with { NumBeams = Integer(v) },
        ["num_beam_groups"] = (o, v) => o with { NumBeamGroups = Integer(v) },
        ["diversity_penalty"] = (o, v) => o with { DiversityPenalty = Number(v) },
        ["length_penalty"] = (o, v) => o with { LengthPenalty = Number(v) },
        ["do_sample"] = (o, v) => o with { DoSample = Flag(v) },
        ["temperature"] = (o, v) => o with { Temperature = Number(v) },
        ["top_k"] = (o, v) => o with { TopK = Integer(v) },
        ["top_p"] = (o, v) => o with { TopP = Number(v) },
        ["typical_p"] = (o, v) => o with { TypicalP = Number(v) },
        ["epsilon_cutoff"] = (o, v) => o with { EpsilonCutoff = Number(v) },
        ["eta_cutoff"] = (o, v) => o with { EtaCutoff = Number(v) },
        ["repetition_penalty"] = (o, v) => o with { RepetitionPenalty = Number(v) },
        ["no_repeat_ngram_size"] = (o, v) => o with { NoRepeatNgramSize = Integer(v) },
        ["bad_words_ids"] = (o, v) => o with { BadWordsIds = IntegerLists(v) },
        ["suppress_tokens"] = (o, v) => o with { SuppressTokens = Integers(v) },
        ["begin_suppress_tokens"] = (o, v) => o with { BeginSuppressTokens = Integers(v) },
        ["forced_bos_token_id"] = (o, v) => o with { ForcedBosTokenId = Integer(v) },
        ["forced_eos_token_id"] = (o, v) => o with { ForcedEosTokenId = Integer(v) },
        ["remove_invalid_values"] = (o, v) => o with { RemoveInvalidValues = Flag(v) },
        ["renormalize_logits"] = (o, v) => o with { RenormalizeLogits = Flag(v) },
        ["num_return_sequences"] = (o, v) => o with { NumReturnSequences = Integer(v) },
        ["seed"] = (o, v) => o with { Seed = Long(v) },
        ["decoder_prompt"] = (o, v) => o with { DecoderPromptIds = Integers(v) },
        ["decoder_start_token_id"] = (o, v) => o with { DecoderStartTokenId = Integer(v) },
        ["bos_token_id"] = (o, v) => o with { BosTokenId = Integer(v) },
        ["eos_token_id"] = (o, v) => o with { EosTokenIds = IntegerOrIntegers(v) },
        ["pad_token_id"] = (o, v) => o with { PadTokenId = Integer(v) },
    };

    /// <summary>Reads options by their HF names (<c>num_beams</c>, <c>max_length</c>, ..., and <c>decoder_prompt</c>, <c>seed</c>). A JSON null is "not given".</summary>
    /// <param name="json">The options. Not validated: call <see cref="Validate"/>.</param>
    /// <param name="source">Names the options in errors: a file, "the request", ...</param>
    /// <exception cref="ConfigurationException">Unknown names or values of a wrong type, all in one line.</exception>
    public static GenerationOptions FromJson(JsonObject json, string source = "generation options")
    {
        ArgumentNullException.ThrowIfNull(json);
        var unknown = json.Where(p => !s_readers.ContainsKey(p.Key)).Select(p => $"'{Shorten(p.Key)}'").ToList();
        if (unknown.Count > 0)
        {
            throw new ConfigurationException(
                $"{source}: unknown {(unknown.Count == 1 ? "option" : "options")} {string.Join(", ", unknown.Take(10))}; known are {string.Join(", ", s_readers.Keys)}.");
        }

        return ReadKnown(json, source);
    }

    /// <summary>The given options by their HF names; those that have no JSON form (processors, criteria, observer) are left out.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject();
        void Add(string name, JsonNode? value)
        {
            if (value is not null)
                json[name] = value;
        }

        Add("max_length", MaxLength);
        Add("max_new_tokens", MaxNewTokens);
        Add("min_length", MinLength);
        Add("min_new_tokens", MinNewTokens);
        Add("early_stopping", EarlyStopping switch { null => null, Generation.EarlyStopping.Never => "never", var e => e == Generation.EarlyStopping.True });
        Add("num_beams", NumBeams);
        Add("num_beam_groups", NumBeamGroups);
        Add("diversity_penalty", DiversityPenalty);
        Add("length_penalty", LengthPenalty);
        Add("do_sample", DoSample);
        Add("temperature", Temperature);
        Add("top_k", TopK);
        Add("top_p", TopP);
        Add("typical_p", TypicalP);
        Add("epsilon_cutoff", EpsilonCutoff);
        Add("eta_cutoff", EtaCutoff);
        Add("repetition_penalty", RepetitionPenalty);
        Add("no_repeat_ngram_size", NoRepeatNgramSize);
        Add("bad_words_ids", BadWordsIds is null ? null : new JsonArray([.. BadWordsIds.Select(ToArray)]));
        Add("suppress_tokens", ToArray(SuppressTokens));
        Add("begin_suppress_tokens", ToArray(BeginSuppressTokens));
        Add("forced_bos_token_id", ForcedBosTokenId);
        Add("forced_eos_token_id", ForcedEosTokenId);
        Add("remove_invalid_values", RemoveInvalidValues);
        Add("renormalize_logits", RenormalizeLogits);
        Add("num_return_sequences", NumReturnSequences);
        Add("seed", Seed);
        Add("decoder_prompt", ToArray(DecoderPromptIds));
        Add("decoder_start_token_id", DecoderStartTokenId);
        Add("bos_token_id", BosTokenId);
        Add("eos_token_id", EosTokenIds is [var eos] ? eos : ToArray(EosTokenIds));
        Add("pad_token_id", PadTokenId);
        return json;
    }

    internal static bool IsKnown(string name) => s_readers.ContainsKey(name);

    // Reads what it knows of a file that holds other keys too.
    internal static GenerationOptions ReadKnown(JsonObject json, string source)
    {
        var options = new GenerationOptions();
        var faults = new List<string>();
        foreach (var (name, value) in json)
        {
            if (value is null || !s_readers.TryGetValue(name, out var read))
                continue;
            try
            {
                options = read(options, value);
            }
            catch (FormatException e)
            {
                faults.Add($"{name} is {Shorten(value.ToJsonString())}, needed is {e.Message}");
            }
        }

        return faults.Count == 0
            ? options
            : throw new ConfigurationException($"{source}: {(faults.Count == 1 ? "" : $"{faults.Count} problems: ")}{string.Join("; ", faults)}.");
    }

    private static JsonArray? ToArray(IReadOnlyList<int>? ids) => ids is null ? null : new JsonArray([.. ids.Select(id => (JsonNode)id)]);

    private static string Shorten(string text) => text.Length <= 60 ? text : text[..57] + "...";

    private static int Integer(JsonNode node) => Long(node) is var value and >= int.MinValue and <= int.MaxValue ? (int)value : throw new FormatException("a 32-bit integer");

    private static long Long(JsonNode node)
    {
        // Python writes 20 as 20.0 in places; such a float is the integer.
        if (node is JsonValue value && value.GetValueKind() == JsonValueKind.Number)
        {
            if (value.TryGetValue<long>(out var integer))
                return integer;
            if (value.TryGetValue<int>(out var small))
                return small;
            if (value.TryGetValue<double>(out var real) && real == Math.Floor(real) && Math.Abs(real) < 1L << 53)
                return (long)real;
        }

        throw new FormatException("an integer");
    }

    private static double Number(JsonNode node)
    {
        if (node is JsonValue value && value.GetValueKind() == JsonValueKind.Number)
        {
            if (value.TryGetValue<double>(out var real))
                return real;
            return Long(node);
        }

        throw new FormatException("a number");
    }

    private static bool Flag(JsonNode node) => node.GetValueKind() switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new FormatException("true or false"),
    };

    private static EarlyStopping EarlyStoppingValue(JsonNode node) => node.GetValueKind() switch
    {
        JsonValueKind.True => Generation.EarlyStopping.True,
        JsonValueKind.False => Generation.EarlyStopping.False,
        JsonValueKind.String when node.GetValue<string>() == "never" => Generation.EarlyStopping.Never,
        _ => throw new FormatException("true, false or \"never\""),
    };

    private static int[] Integers(JsonNode node) => node is JsonArray array
        ? [.. array.Select(item => Integer(item ?? throw new FormatException("a list of integers")))]
        : throw new FormatException("a list of integers");

    private static int[] IntegerOrIntegers(JsonNode node) => node is JsonArray ? Integers(node) : [Integer(node)];

    private static int[][] IntegerLists(JsonNode node) => node is JsonArray array
        ? [.. array.Select(item => Integers(item ?? throw new FormatException("a list of lists of integers")))]
        : throw new FormatException("a list of lists of integers");
}
