using Sightline.IO;

namespace Sightline.Generation;

/// <summary>
/// How captions are generated. Names and meaning are those of Hugging Face <c>generate</c>; null means "not given": then the checkpoint's
/// own setting counts (<see cref="GenerationConfig"/>), and after that the default stated here, which is HF's.
/// </summary>
public sealed partial record GenerationOptions
{
    private const int MaxSequencesPerImage = 1024;

    /// <summary>Most tokens of a sequence, start token, prompt and end token included; at least 1. HF default 20.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Most tokens after the start token and the prompt; at least 1. If <see cref="MaxLength"/> is given beside it, that counts in 4.17 and this in 4.31.</summary>
    public int? MaxNewTokens { get; init; }

    /// <summary>Least tokens before an end token, start token and prompt included. Default 0.</summary>
    public int? MinLength { get; init; }

    /// <summary>Least generated tokens before an end token. Default 0.</summary>
    public int? MinNewTokens { get; init; }

    /// <summary>When beam search is done with an image. Default <see cref="EarlyStopping.False"/>.</summary>
    public EarlyStopping? EarlyStopping { get; init; }

    /// <summary>Beams per image, 1 to 1024. Default 1: no beam search.</summary>
    public int? NumBeams { get; init; }

    /// <summary>Groups of diverse beam search (Vijayakumar et al. 2016); divides <see cref="NumBeams"/>. Default 1.</summary>
    public int? NumBeamGroups { get; init; }

    /// <summary>Subtracted from a token's score per beam of an earlier group that chose it; at least 0. Default 0.</summary>
    public double? DiversityPenalty { get; init; }

    /// <summary>Exponent of the length by which a sequence's sum of log-probabilities is divided: above 0 favours long sequences. Default 1.</summary>
    public double? LengthPenalty { get; init; }

    /// <summary>Draw tokens at random instead of taking the most likely. Default false.</summary>
    public bool? DoSample { get; init; }

    /// <summary>Divides the scores before sampling; above 0. Default 1.</summary>
    public double? Temperature { get; init; }

    /// <summary>Sampling considers the k most likely tokens; 0 is no limit. HF default 50.</summary>
    public int? TopK { get; init; }

    /// <summary>Sampling considers the most likely tokens up to this probability mass; 0 to 1. Default 1.</summary>
    public double? TopP { get; init; }

    /// <summary>Locally typical sampling up to this probability mass; above 0, at most 1. Default 1.</summary>
    public double? TypicalP { get; init; }

    /// <summary>Sampling drops tokens below this probability; 0 to 1, exclusive. Default 0.</summary>
    public double? EpsilonCutoff { get; init; }

    /// <summary>Eta sampling cutoff; 0 to 1, exclusive. Default 0.</summary>
    public double? EtaCutoff { get; init; }

    /// <summary>Above 1 makes tokens that occurred less likely; above 0. Default 1.</summary>
    public double? RepetitionPenalty { get; init; }

    /// <summary>No n-gram of this size occurs twice; 0 is off. Default 0.</summary>
    public int? NoRepeatNgramSize { get; init; }

    /// <summary>Token sequences that must not be generated.</summary>
    public IReadOnlyList<IReadOnlyList<int>>? BadWordsIds { get; init; }

    /// <summary>Tokens that are never generated.</summary>
    public IReadOnlyList<int>? SuppressTokens { get; init; }

    /// <summary>Tokens that are not generated first.</summary>
    public IReadOnlyList<int>? BeginSuppressTokens { get; init; }

    /// <summary>Forced as the token after the start token (only without a prompt).</summary>
    public int? ForcedBosTokenId { get; init; }

    /// <summary>Forced as the last token when the maximum length is reached.</summary>
    public int? ForcedEosTokenId { get; init; }

    /// <summary>Replace NaN and infinite scores instead of reporting them. Default false.</summary>
    public bool? RemoveInvalidValues { get; init; }

    /// <summary>Make processed scores log-probabilities again before choosing. Default false.</summary>
    public bool? RenormalizeLogits { get; init; }

    /// <summary>Sequences per image, 1 to 1024: at most <see cref="NumBeams"/> unless sampling. Default 1.</summary>
    public int? NumReturnSequences { get; init; }

    /// <summary>Seed of sampling; the same seed gives an image the same sequences whatever else is in its batch. Default: a fresh one, see <see cref="GenerationOutput.Seed"/>.</summary>
    public long? Seed { get; init; }

    /// <summary>Tokens that every sequence begins with after the start token (HF: <c>decoder_input_ids</c> without the start token).</summary>
    public IReadOnlyList<int>? DecoderPromptIds { get; init; }

    /// <summary>First token of every sequence. Default: <see cref="BosTokenId"/>.</summary>
    public int? DecoderStartTokenId { get; init; }

    /// <summary>Used as start token where <see cref="DecoderStartTokenId"/> is not given.</summary>
    public int? BosTokenId { get; init; }

    /// <summary>Tokens that end a sequence (HF: a number or a list). None: sequences end at the maximum length.</summary>
    public IReadOnlyList<int>? EosTokenIds { get; init; }

    /// <summary>Fills up finished rows. Default: the first end token.</summary>
    public int? PadTokenId { get; init; }

    /// <summary>Processors of your own, run after the built-in ones.</summary>
    public IReadOnlyList<ILogitsProcessor> LogitsProcessors { get; init; } = [];

    /// <summary>Stopping criteria of your own.</summary>
    public IReadOnlyList<IStoppingCriteria> StoppingCriteria { get; init; } = [];

    /// <summary>Whose behaviour counts where versions of Transformers differ. Default: <see cref="Compatibility.Transformers417"/>.</summary>
    public Compatibility Compatibility { get; init; }

    /// <summary>Called after each step with the processed scores of all rows (HF <c>output_scores</c>); null: not called.</summary>
    public ScoresObserver? ScoresObserver { get; init; }

    /// <summary>These options, completed by <paramref name="defaults"/> where they say nothing. A length given here replaces both lengths of the defaults.</summary>
    public GenerationOptions MergeOver(GenerationOptions defaults)
    {
        ArgumentNullException.ThrowIfNull(defaults);
        var lengthGiven = MaxLength is not null || MaxNewTokens is not null;
        return this with
        {
            MaxLength = lengthGiven ? MaxLength : defaults.MaxLength,
            MaxNewTokens = lengthGiven ? MaxNewTokens : defaults.MaxNewTokens,
            MinLength = MinLength ?? defaults.MinLength,
            MinNewTokens = MinNewTokens ?? defaults.MinNewTokens,
            EarlyStopping = EarlyStopping ?? defaults.EarlyStopping,
            NumBeams = NumBeams ?? defaults.NumBeams,
            NumBeamGroups = NumBeamGroups ?? defaults.NumBeamGroups,
            DiversityPenalty = DiversityPenalty ?? defaults.DiversityPenalty,
            LengthPenalty = LengthPenalty ?? defaults.LengthPenalty,
            DoSample = DoSample ?? defaults.DoSample,
            Temperature = Temperature ?? defaults.Temperature,
            TopK = TopK ?? defaults.TopK,
            TopP = TopP ?? defaults.TopP,
            TypicalP = TypicalP ?? defaults.TypicalP,
            EpsilonCutoff = EpsilonCutoff ?? defaults.EpsilonCutoff,
            EtaCutoff = EtaCutoff ?? defaults.EtaCutoff,
            RepetitionPenalty = RepetitionPenalty ?? defaults.RepetitionPenalty,
            NoRepeatNgramSize = NoRepeatNgramSize ?? defaults.NoRepeatNgramSize,
            BadWordsIds = BadWordsIds ?? defaults.BadWordsIds,
            SuppressTokens = SuppressTokens ?? defaults.SuppressTokens,
            BeginSuppressTokens = BeginSuppressTokens ?? defaults.BeginSuppressTokens,
            ForcedBosTokenId = ForcedBosTokenId ?? defaults.ForcedBosTokenId,
            ForcedEosTokenId = ForcedEosTokenId ?? defaults.ForcedEosTokenId,
            RemoveInvalidValues = RemoveInvalidValues ?? defaults.RemoveInvalidValues,
            RenormalizeLogits = RenormalizeLogits ?? defaults.RenormalizeLogits,
            NumReturnSequences = NumReturnSequences ?? defaults.NumReturnSequences,
            Seed = Seed ?? defaults.Seed,
            DecoderPromptIds = DecoderPromptIds ?? defaults.DecoderPromptIds,
            DecoderStartTokenId = DecoderStartTokenId ?? defaults.DecoderStartTokenId,
            BosTokenId = BosTokenId ?? defaults.BosTokenId,
            EosTokenIds = EosTokenIds ?? defaults.EosTokenIds,
            PadTokenId = PadTokenId ?? defaults.PadTokenId,
            LogitsProcessors = LogitsProcessors.Count > 0 ? LogitsProcessors : defaults.LogitsProcessors,
            StoppingCriteria = StoppingCriteria.Count > 0 ? StoppingCriteria : defaults.StoppingCriteria,
            ScoresObserver = ScoresObserver ?? defaults.ScoresObserver,
        };
    }

    /// <summary>Checks ranges and combinations.</summary>
    /// <exception cref="ConfigurationException">One line that lists every fault.</exception>
    public void Validate()
    {
        var faults = new Faults();
        faults.AtLeast("max_length", MaxLength, 1);
        faults.AtLeast("max_new_tokens", MaxNewTokens, 1);
        faults.AtLeast("min_length", MinLength, 0);
        faults.AtLeast("min_new_tokens", MinNewTokens, 0);
        faults.Between("num_beams", NumBeams, 1, MaxSequencesPerImage);
        faults.Between("num_beam_groups", NumBeamGroups, 1, MaxSequencesPerImage);
        faults.Between("num_return_sequences", NumReturnSequences, 1, MaxSequencesPerImage);
        faults.AtLeast("no_repeat_ngram_size", NoRepeatNgramSize, 0);
        faults.AtLeast("top_k", TopK, 0);
        faults.Number("length_penalty", LengthPenalty, _ => true, "any finite number");
        faults.Number("diversity_penalty", DiversityPenalty, x => x >= 0, "at least 0");
        faults.Number("repetition_penalty", RepetitionPenalty, x => x > 0, "above 0");
        faults.Number("temperature", Temperature, x => (float)x > 0, "above 0");
        faults.Number("top_p", TopP, x => x is >= 0 and <= 1, "0 to 1");
        faults.Number("typical_p", TypicalP, x => x is > 0 and <= 1, "above 0, at most 1");
        faults.Number("epsilon_cutoff", EpsilonCutoff, x => x is >= 0 and < 1, "0 to 1, 1 excluded");
        faults.Number("eta_cutoff", EtaCutoff, x => x is >= 0 and < 1, "0 to 1, 1 excluded");
        foreach (var (name, id) in TokenIds())
            faults.AtLeast(name, id, 0);
        if (BadWordsIds?.Any(word => word.Count == 0) == true)
            faults.Add("bad_words_ids has an empty list; each needs at least one token id");
        AddCombinationFaults(faults);
        faults.Throw("generation options");
    }

    private void AddCombinationFaults(Faults faults)
    {
        var (beams, groups) = (NumBeams ?? 1, NumBeamGroups ?? 1);
        if (MinLength > MaxLength)
            faults.Add($"min_length {MinLength} is above max_length {MaxLength}");
        if (groups > 1 && beams % groups != 0)
            faults.Add($"num_beams {beams} is not a multiple of num_beam_groups {groups}");
        if (groups > 1 && DoSample == true)
            faults.Add("num_beam_groups above 1 cannot be combined with do_sample");
        if (groups <= 1 && DiversityPenalty > 0)
            faults.Add($"diversity_penalty {PythonJson.FormatFloat(DiversityPenalty.Value)} needs num_beam_groups of 2 or more");
        if (DoSample != true && NumReturnSequences > beams)
            faults.Add($"num_return_sequences {NumReturnSequences} is above num_beams {beams}; raise num_beams or set do_sample");
        if (EarlyStopping == Generation.EarlyStopping.Never && Compatibility == Compatibility.Transformers417)
            faults.Add("early_stopping \"never\" exists from Transformers 4.31 on; set the compatibility to 4.31");
    }

    private IEnumerable<(string Name, int Id)> TokenIds()
    {
        foreach (var (name, id) in new[]
                 {
                     ("forced_bos_token_id", ForcedBosTokenId), ("forced_eos_token_id", ForcedEosTokenId), ("decoder_start_token_id", DecoderStartTokenId),
                     ("bos_token_id", BosTokenId), ("pad_token_id", PadTokenId),
                 })
        {
            if (id is not null)
                yield return (name, id.Value);
        }

        foreach (var (name, ids) in new[]
                 {
                     ("suppress_tokens", SuppressTokens), ("begin_suppress_tokens", BeginSuppressTokens), ("decoder_prompt", DecoderPromptIds),
                     ("eos_token_id", EosTokenIds), ("bad_words_ids", BadWordsIds?.SelectMany(word => word).ToArray()),
                 })
        {
            foreach (var id in ids ?? [])
                yield return (name, id);
        }
    }

    private sealed class Faults
    {
        private readonly List<string> _faults = [];

        public void Add(string fault) => _faults.Add(fault);

        public void AtLeast(string name, int? value, int least)
        {
            if (value < least)
                Add($"{name} is {value}, at least {least} is needed");
        }

        public void Between(string name, int? value, int least, int most)
        {
            if (value < least || value > most)
                Add($"{name} is {value}, {least} to {most} is possible");
        }

        public void Number(string name, double? value, Func<double, bool> isValid, string range)
        {
            if (value is { } x && (!double.IsFinite(x) || !isValid(x)))
                Add($"{name} is {PythonJson.FormatFloat(x)}, needed is {range}");
        }

        public void Throw(string subject)
        {
            if (_faults.Count > 0)
                throw new ConfigurationException($"{subject}: {(_faults.Count == 1 ? "" : $"{_faults.Count} problems: ")}{string.Join("; ", _faults)}.");
        }
    }
}
