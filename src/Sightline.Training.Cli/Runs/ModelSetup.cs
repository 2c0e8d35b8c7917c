using System.Text.Json.Nodes;
using Sightline.Configuration;
using Sightline.Generation;
using Sightline.Imaging;
using Sightline.IO;
using Sightline.Models;
using Sightline.Tokenization;

namespace Sightline.Training.Cli.Runs;

/// <summary>The model that a run begins with, and what belongs to it.</summary>
/// <param name="Checkpoint">Configuration and weights.</param>
/// <param name="Tokenizer">Text to ids.</param>
/// <param name="Processor">Pictures to pixels.</param>
/// <param name="GenerationFile">The source's generation_config.json, kept as it is; null where it has none.</param>
internal sealed record ModelSetup(ModelCheckpoint Checkpoint, Gpt2Tokenizer Tokenizer, ImageProcessorConfig Processor, string? GenerationFile)
{
    private const string Pad = "<pad>";
    private const string GenerationFileName = "generation_config.json";

    /// <summary>Where the weights come from, as a sentence.</summary>
    public required string Origin { get; init; }

    /// <summary>The models that it starts from: names on the hub where their config.json has one, else their folders' names; empty: none.</summary>
    public IReadOnlyList<string> BaseModels { get; init; } = [];

    /// <summary>Loads or makes the model.</summary>
    /// <param name="settings">Which.</param>
    /// <param name="seed">For weights that no checkpoint gives.</param>
    /// <param name="captions">The training captions, to learn a vocabulary from.</param>
    /// <exception cref="ConfigurationException">A file cannot be used, or the parts do not belong together.</exception>
    /// <exception cref="CheckpointException">Weights are missing or do not fit.</exception>
    public static ModelSetup Create(ModelSettings settings, long seed, IEnumerable<string> captions)
    {
        settings = settings.Located();
        if (settings.Checkpoint is { } start)
            _ = VisionEncoderDecoderConfig.Load(Existing(start)); // a foreign architecture is told of before a missing tokenizer
        var tokenizer = LoadTokenizer(settings, captions);
        var (checkpoint, origin) = settings switch
        {
            { Checkpoint: { } folder } => (ModelCheckpoint.Load(Existing(folder)), $"the weights of {folder}"),
            { Encoder: { } encoder, Decoder: { } decoder } => Join(encoder, decoder, tokenizer, seed),
            _ => (ModelCheckpoint.Initialize(Complete(settings.Config!, tokenizer), seed, Compatibility.Transformers431), $"new weights, drawn with seed {seed}"),
        };
        if (settings.AddPadToken && tokenizer.VocabularySize > checkpoint.Config.Decoder.VocabSize)
            checkpoint = checkpoint.ResizeTokenEmbeddings(tokenizer.VocabularySize, seed);
        if (settings.AddPadToken && checkpoint.Config.PadTokenId != tokenizer.PadTokenId)
            checkpoint = WithPadToken(checkpoint, tokenizer.PadTokenId!.Value);
        if (tokenizer.VocabularySize > checkpoint.Config.Decoder.VocabSize)
            throw new ConfigurationException($"the tokenizer has {tokenizer.VocabularySize} tokens, the decoder only {checkpoint.Config.Decoder.VocabSize} (vocab_size); do they belong together?");
        var source = settings.Checkpoint ?? settings.Encoder;
        var generation = settings.Checkpoint is { } from && File.Exists(Path.Combine(from, GenerationFileName)) ? Path.Combine(from, GenerationFileName) : null;
        return new ModelSetup(checkpoint, tokenizer, LoadProcessor(source, checkpoint.Config.Encoder.ImageSize), generation)
        {
            Origin = $"{checkpoint.Parameters.Values.Sum(values => (long)values.Length):N0} parameters: {origin}.",
            BaseModels = [.. new[] { settings.Checkpoint, settings.Encoder, settings.Decoder }.OfType<string>().Select(NameOf)],
        };
    }

    /// <summary>The configuration alone, for estimates.</summary>
    public static VisionEncoderDecoderConfig ReadConfig(ModelSettings settings) => settings.Located() switch
    {
        { Checkpoint: { } folder } => VisionEncoderDecoderConfig.Load(Existing(folder)),
        { Encoder: { } encoder, Decoder: { } decoder } => WarmStart.Compose(Existing(encoder), Existing(decoder)).Checkpoint.Config,
        _ => VisionEncoderDecoderConfig.Parse(AsCaptioner(settings.Config!, settings.VocabularySize)),
    };

    /// <summary>Writes tokenizer, processor and generation settings into a folder; returns the files.</summary>
    public IReadOnlyList<string> SaveCompanions(string folder)
    {
        Tokenizer.Save(folder);
        Processor.Save(folder);
        if (GenerationFile is { } file)
            File.Copy(file, Path.Combine(folder, GenerationFileName));
        return [.. Directory.EnumerateFiles(folder)];
    }

    // HF's from_encoder_decoder_pretrained, and the ids that the card's script set.
    private static (ModelCheckpoint Checkpoint, string Origin) Join(string encoder, string decoder, Gpt2Tokenizer tokenizer, long seed)
    {
        var joined = WarmStart.Compose(Existing(encoder), Existing(decoder), new WarmStartOptions
        {
            Seed = seed,
            DecoderStartTokenId = tokenizer.BosTokenId ?? tokenizer.EosTokenId,
            EosTokenId = tokenizer.EosTokenId,
            PadTokenId = tokenizer.PadTokenId ?? tokenizer.EosTokenId,
        });
        var fresh = joined.Origins.Where(pair => pair.Value == "init").Sum(pair => (long)joined.Checkpoint.Parameters[pair.Key].Length);
        var unused = joined.Unused.Count == 0 ? "" : $"; not used: {string.Join(", ", joined.Unused)}";
        return (joined.Checkpoint, $"the encoder of {encoder}, the decoder of {decoder}, and {fresh:N0} new ones between them, drawn with seed {seed}{unused}");
    }

    private static string NameOf(string folder)
    {
        var name = JsonFile.ReadObject(Path.Combine(folder, VisionEncoderDecoderConfig.FileName))["_name_or_path"];
        return name is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0 && !Path.IsPathRooted(text) && text[0] != '.'
            ? text : Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
    }

    private static Gpt2Tokenizer LoadTokenizer(ModelSettings settings, IEnumerable<string> captions)
    {
        var tokenizer = settings.VocabularySize is { } size
            ? BpeTrainer.Train(captions, new BpeTrainerOptions { VocabularySize = size })
            : Gpt2Tokenizer.Load(Existing(settings.Tokenizer ?? settings.Checkpoint ?? settings.Decoder!));
        return settings.AddPadToken ? tokenizer.WithSpecialToken(SpecialTokenRole.Pad, Pad) : tokenizer;
    }

    // Ids that a configuration for a fresh model leaves out follow from the tokenizer.
    private static VisionEncoderDecoderConfig Complete(JsonObject config, Gpt2Tokenizer tokenizer)
    {
        var json = AsCaptioner(config, tokenizer.VocabularySize);
        var start = tokenizer.BosTokenId ?? tokenizer.EosTokenId;
        json["decoder"]!["bos_token_id"] ??= start;
        json["decoder"]!["eos_token_id"] ??= tokenizer.EosTokenId;
        json["decoder_start_token_id"] ??= start;
        json["eos_token_id"] ??= tokenizer.EosTokenId;
        json["pad_token_id"] ??= tokenizer.PadTokenId ?? tokenizer.EosTokenId;
        return VisionEncoderDecoderConfig.Parse(json, "model.config");
    }

    private static JsonObject AsCaptioner(JsonObject config, int? vocabularySize)
    {
        var json = (JsonObject)config.DeepClone();
        if (json["encoder"] is not JsonObject encoder || json["decoder"] is not JsonObject decoder)
            throw new ConfigurationException("model.config: the objects encoder and decoder were expected.");
        json["architectures"] ??= new JsonArray("VisionEncoderDecoderModel");
        json["is_encoder_decoder"] ??= true;
        json["model_type"] ??= "vision-encoder-decoder";
        json["tie_word_embeddings"] ??= false;
        json["torch_dtype"] ??= "float32";
        encoder["model_type"] ??= "vit";
        decoder["model_type"] ??= "gpt2";
        decoder["is_decoder"] = true;
        decoder["add_cross_attention"] = true;
        decoder["tie_word_embeddings"] ??= true;
        if (vocabularySize is { } size)
            decoder["vocab_size"] ??= size;
        return json;
    }

    private static ModelCheckpoint WithPadToken(ModelCheckpoint checkpoint, int id)
    {
        var json = (JsonObject)checkpoint.Config.Json.DeepClone();
        json["pad_token_id"] = id;
        return new ModelCheckpoint(VisionEncoderDecoderConfig.Parse(json), checkpoint.Parameters);
    }

    private static ImageProcessorConfig LoadProcessor(string? folder, int imageSize)
    {
        var hasFile = folder is not null && (File.Exists(Path.Combine(folder, ImageProcessorConfig.FileName)) || File.Exists(Path.Combine(folder, ImageProcessorConfig.NestedFileName)));
        if (!hasFile)
            return new ImageProcessorConfig { Size = new ImageSize(imageSize, imageSize) };
        var config = ImageProcessorConfig.Load(folder!);
        var size = config.DoCenterCrop ? config.CropSize : config.Size;
        return size.Width == imageSize && size.Height == imageSize
            ? config
            : throw new ConfigurationException($"{Path.Combine(folder!, ImageProcessorConfig.FileName)}: gives pictures of {size.Width} x {size.Height} pixels; the encoder takes {imageSize} x {imageSize} (image_size).");
    }

    private static string Existing(string folder) => Directory.Exists(folder)
        ? folder
        : throw new ConfigurationException($"{folder}: no such folder; a folder with a model's files was expected.");
}
