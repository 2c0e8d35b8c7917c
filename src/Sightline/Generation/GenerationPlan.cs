using System.Security.Cryptography;

namespace Sightline.Generation;

/// <summary>Options with every default filled in, checked against the session they will run on.</summary>
internal sealed class GenerationPlan
{
    /// <summary>HF's <c>max_length</c> where neither the caller nor the checkpoint gives a length.</summary>
    public const int DefaultMaxLength = 20;

    private const int DefaultTopK = 50;

    public GenerationPlan(GenerationOptions options)
    {
        options.Validate();
        Options = options;
        Compatibility = options.Compatibility;
        var start = options.DecoderStartTokenId ?? options.BosTokenId ?? throw new ConfigurationException(
            "generation options: decoder_start_token_id and bos_token_id are both missing; give one, or a checkpoint whose config.json has one.");
        PromptIds = [start, .. options.DecoderPromptIds ?? []];
        EosTokenIds = [.. options.EosTokenIds ?? []];
        PadTokenId = options.PadTokenId ?? (EosTokenIds.Length > 0 ? EosTokenIds[0] : start);
        MaxLength = FindMaxLength(options, PromptIds.Length);
        NumBeams = options.NumBeams ?? 1;
        NumBeamGroups = options.NumBeamGroups ?? 1;
        NumReturnSequences = options.NumReturnSequences ?? 1;
        LengthPenalty = options.LengthPenalty ?? 1;
        EarlyStopping = options.EarlyStopping ?? EarlyStopping.False;
        DoSample = options.DoSample ?? false;
        Seed = DoSample ? options.Seed ?? RandomNumberGenerator.GetInt32(int.MaxValue) : null;
        Processors = BuildProcessors();
        Warpers = DoSample ? BuildWarpers() : [];
        if (options.RenormalizeLogits == true)
            (DoSample ? Warpers : Processors).Add(new LogitNormalization());
        if (PromptIds.Length >= MaxLength)
        {
            throw new ConfigurationException(
                $"generation options: max_length {MaxLength} leaves no room after the start token and a prompt of {PromptIds.Length - 1} tokens; raise it above {PromptIds.Length}.");
        }
    }

    public GenerationOptions Options { get; }

    public Compatibility Compatibility { get; }

    /// <summary>Start token and prompt.</summary>
    public int[] PromptIds { get; }

    public int[] EosTokenIds { get; }

    public int PadTokenId { get; }

    public int MaxLength { get; }

    public int NumBeams { get; }

    public int NumBeamGroups { get; }

    public int NumReturnSequences { get; }

    public double LengthPenalty { get; }

    public EarlyStopping EarlyStopping { get; }

    public bool DoSample { get; }

    /// <summary>Null unless sampling.</summary>
    public long? Seed { get; }

    public List<ILogitsProcessor> Processors { get; }

    public List<ILogitsProcessor> Warpers { get; }

    /// <summary>Searches that are independent of each other, per image: in beam sampling each returned sequence is a search of its own, as in HF.</summary>
    public int SearchesPerImage => NumBeams == 1 || DoSample ? NumReturnSequences : 1;

    public int RowsPerImage => SearchesPerImage * NumBeams;

    /// <summary>Checks what only the session knows.</summary>
    public void CheckAgainst(IDecoderSession session)
    {
        if (session.Rows <= 0 || session.Rows % RowsPerImage != 0 || session.Length != 0)
            throw new ArgumentException($"The session has {session.Rows} rows and length {session.Length}; a fresh one with a multiple of {RowsPerImage} rows is needed.");
        if ((long)session.Rows * session.VocabularySize > Array.MaxLength)
            throw new ConfigurationException($"generation options: {session.Rows} rows of {session.VocabularySize} scores are too many; use fewer beams, sequences or images at a time.");
        if (PromptIds.Length > session.MaxPositions)
            throw new ConfigurationException($"generation options: the prompt of {PromptIds.Length} tokens is longer than the decoder's {session.MaxPositions} positions (n_positions).");
        foreach (var id in (int?[])[.. PromptIds.Select(id => (int?)id), Options.ForcedBosTokenId, Options.ForcedEosTokenId])
        {
            if (id >= session.VocabularySize)
                throw new ConfigurationException($"generation options: token id {id} is outside the model's vocabulary of {session.VocabularySize}.");
        }
    }

    /// <summary>Tokens a row can hold: the last token of a sequence needs no position of its own.</summary>
    public int Capacity(IDecoderSession session) => (int)Math.Min(MaxLength, session.MaxPositions + 1L);

    /// <summary>The HF score: the length does not count the end token.</summary>
    public double Score(double sumOfLogProbabilities, int lengthWithoutEnd) => sumOfLogProbabilities / Math.Pow(lengthWithoutEnd, LengthPenalty);

    private static int FindMaxLength(GenerationOptions options, int promptLength)
    {
        var fromNewTokens = options.MaxNewTokens is { } n ? (int?)Math.Min((long)n + promptLength, int.MaxValue) : null;
        return (options.Compatibility == Compatibility.Transformers417
            ? options.MaxLength ?? fromNewTokens
            : fromNewTokens ?? options.MaxLength) ?? DefaultMaxLength;
    }

    // The order is that of _get_logits_processor (generation_utils.py); it matters.
    private List<ILogitsProcessor> BuildProcessors()
    {
        var o = Options;
        var list = new List<ILogitsProcessor>();
        if (NumBeamGroups > 1 && o.DiversityPenalty > 0)
            list.Add(new HammingDiversityLogitsProcessor(o.DiversityPenalty.Value));
        if (o.RepetitionPenalty is { } repetition && repetition != 1)
            list.Add(new RepetitionPenaltyLogitsProcessor(repetition));
        if (o.NoRepeatNgramSize > 0)
            list.Add(new NoRepeatNgramLogitsProcessor(o.NoRepeatNgramSize.Value));
        if (o.BadWordsIds?.Count > 0)
            list.Add(new NoBadWordsLogitsProcessor(o.BadWordsIds, EosTokenIds, Compatibility));
        if (o.MinLength > 0)
            list.Add(new MinLengthLogitsProcessor(o.MinLength.Value, EosTokenIds));
        if (o.MinNewTokens > 0)
            list.Add(new MinNewTokensLogitsProcessor(o.MinNewTokens.Value, EosTokenIds));
        if (o.ForcedBosTokenId is { } bos)
            list.Add(new ForcedBosTokenLogitsProcessor(bos));
        if (o.ForcedEosTokenId is { } eos)
            list.Add(new ForcedEosTokenLogitsProcessor(MaxLength, eos));
        if (o.RemoveInvalidValues == true)
            list.Add(new InfNanRemoveLogitsProcessor());
        if (o.SuppressTokens?.Count > 0)
            list.Add(new SuppressTokensLogitsProcessor(o.SuppressTokens));
        if (o.BeginSuppressTokens?.Count > 0)
            list.Add(new SuppressTokensAtBeginLogitsProcessor(o.BeginSuppressTokens, PromptIds.Length > 1 || o.ForcedBosTokenId is null ? PromptIds.Length : PromptIds.Length + 1));
        list.AddRange(o.LogitsProcessors);
        return list;
    }

    // The order is that of _get_logits_warper. Beam sampling keeps two tokens per beam so that one is left if the other ends the sequence.
    private List<ILogitsProcessor> BuildWarpers()
    {
        var o = Options;
        var keep = NumBeams > 1 ? 2 : 1;
        var list = new List<ILogitsProcessor>();
        if (o.Temperature is { } temperature && temperature != 1)
            list.Add(new TemperatureLogitsWarper(temperature));
        if ((o.TopK ?? DefaultTopK) is var topK and > 0)
            list.Add(new TopKLogitsWarper(topK, keep));
        if (o.TopP < 1)
            list.Add(new TopPLogitsWarper(o.TopP.Value, keep, Compatibility));
        if (o.TypicalP < 1)
            list.Add(new TypicalLogitsWarper(o.TypicalP.Value, keep));
        if (o.EpsilonCutoff > 0)
            list.Add(new EpsilonLogitsWarper(o.EpsilonCutoff.Value, keep));
        if (o.EtaCutoff > 0)
            list.Add(new EtaLogitsWarper(o.EtaCutoff.Value, keep));
        return list;
    }
}
