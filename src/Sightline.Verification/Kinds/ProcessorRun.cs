using System.Globalization;
using System.Text.Json.Nodes;
using Sightline.Checkpoints;
using Sightline.Generation;

namespace Sightline.Verification.Kinds;

/// <summary><c>generate/processors.json</c>: the scores after each processor and warper, in both versions.</summary>
internal sealed class ProcessorRun(JsonObject json, TensorSource tensors, Comparison comparison)
{
    private readonly Tolerance _tolerance = Tolerance.Parse(json["tolerance"]!.GetValue<string>());

    public void Run()
    {
        foreach (var input in json["inputs"]!.AsObject().Select(pair => pair.Key))
        {
            foreach (var (name, settings) in json["cases"]!.AsObject())
            {
                foreach (var compatibility in Enum.GetValues<Compatibility>())
                    RunCase(input, name, settings!.AsObject(), compatibility);
            }
        }

        if (json["hamming"] is JsonObject hamming)
            RunHamming(hamming);
        if (tensors.Tensors.ContainsKey("infnan.logits"))
        {
            var scores = tensors.ReadSingles("infnan.logits");
            new InfNanRemoveLogitsProcessor().Process(default, scores);
            comparison.Close("infnan", tensors.ReadSingles("infnan.out"), scores, _tolerance);
        }
    }

    private void RunCase(string input, string name, JsonObject settings, Compatibility compatibility)
    {
        var scores = tensors.ReadSingles($"{input}.logits");
        int[] ids = [.. tensors.ReadInt64s($"{input}.input_ids").Select(id => (int)id)];
        var shape = tensors.Find($"{input}.input_ids").Shape;
        var (rows, length) = ((int)shape[0], (int)shape[1]);
        var vocabularySize = scores.Length / rows;
        foreach (var processor in Create(settings, compatibility))
        {
            for (var row = 0; row < rows; row++)
                processor.Process(new GenerationContext { InputIds = ids.AsSpan(row * length, length), PromptLength = 1, Row = row }, scores.AsSpan(row * vocabularySize, vocabularySize));
        }

        var later = $"{input}.{name}.431";
        var key = compatibility == Compatibility.Transformers431 && tensors.Tensors.ContainsKey(later) ? later : $"{input}.{name}";
        comparison.Close(key, tensors.ReadSingles(key), scores, _tolerance);
    }

    private void RunHamming(JsonObject hamming)
    {
        var (beams, groups, group) = (hamming["num_beams"]!.GetValue<int>(), hamming["num_beam_groups"]!.GetValue<int>(), hamming["beam_group_idx"]!.GetValue<int>());
        var scores = tensors.ReadSingles("hamming.logits"); // [pictures × group size, vocab]
        int[] tokens = [.. tensors.ReadInt64s("hamming.current_tokens").Select(id => (int)id)]; // [pictures × beams]
        var vocabularySize = (int)tensors.Find("hamming.logits").Shape[1];
        var groupSize = beams / groups;
        var processor = new HammingDiversityLogitsProcessor(hamming["diversity_penalty"]!.GetValue<double>());
        for (var row = 0; row < scores.Length / vocabularySize; row++)
            processor.Process(new GenerationContext { PreviousGroupTokens = tokens.AsSpan(row / groupSize * beams, group * groupSize) }, scores.AsSpan(row * vocabularySize, vocabularySize));
        comparison.Close("hamming", tensors.ReadSingles("hamming.out"), scores, _tolerance);
    }

    private static IEnumerable<ILogitsProcessor> Create(JsonObject settings, Compatibility compatibility)
    {
        if (settings["order"] is JsonArray order)
            return [.. order.Select(step => CreateNamed(step!.GetValue<string>(), compatibility))];
        var keep = settings["min_tokens_to_keep"]?.GetValue<int>() ?? 1;
        int[] eos = settings["eos_token_id"] is { } id ? [id.GetValue<int>()] : [];
        var (name, value) = settings.First();
        return
        [
            name switch
            {
                "temperature" => new TemperatureLogitsWarper(value!.GetValue<double>()),
                "top_k" => new TopKLogitsWarper(value!.GetValue<int>(), keep),
                "top_p" => new TopPLogitsWarper(value!.GetValue<double>(), keep, compatibility),
                "typical_p" => new TypicalLogitsWarper(value!.GetValue<double>(), keep),
                "repetition_penalty" => new RepetitionPenaltyLogitsProcessor(value!.GetValue<double>()),
                "no_repeat_ngram_size" => new NoRepeatNgramLogitsProcessor(value!.GetValue<int>()),
                "bad_words_ids" => new NoBadWordsLogitsProcessor(
                    value!.AsArray().Select(word => (int[])[.. word!.AsArray().Select(token => token!.GetValue<int>())]), eos, compatibility),
                "min_length" => new MinLengthLogitsProcessor(value!.GetValue<int>(), eos),
                "forced_bos_token_id" => new ForcedBosTokenLogitsProcessor(value!.GetValue<int>()),
                "forced_eos_token_id" => new ForcedEosTokenLogitsProcessor(settings["max_length"]!.GetValue<int>(), value!.GetValue<int>()),
                _ => throw new NotSupportedException($"processor '{name}' is not known"),
            },
        ];
    }

    // "top_p 0.9", "ngram 2": one step of a chain.
    private static ILogitsProcessor CreateNamed(string step, Compatibility compatibility)
    {
        var parts = step.Split(' ');
        var value = double.Parse(parts[1], CultureInfo.InvariantCulture);
        return parts[0] switch
        {
            "temperature" => new TemperatureLogitsWarper(value),
            "top_k" => new TopKLogitsWarper((int)value),
            "top_p" => new TopPLogitsWarper(value, 1, compatibility),
            "repetition" => new RepetitionPenaltyLogitsProcessor(value),
            "ngram" => new NoRepeatNgramLogitsProcessor((int)value),
            _ => throw new NotSupportedException($"processor '{parts[0]}' is not known"),
        };
    }
}
