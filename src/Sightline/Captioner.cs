using System.Buffers;
using System.Runtime.CompilerServices;
using Sightline.Generation;
using Sightline.Hub;
using Sightline.Imaging;
using Sightline.Models;
using Sightline.Tokenization;

namespace Sightline;

/// <summary>
/// Describes pictures with a ViT-GPT2 checkpoint: load a folder, hand over pictures, get sentences. Safe to use from several threads at once.
/// </summary>
/// <example>
/// <code>
/// using var captioner = Captioner.Load("path/to/model");
/// Console.WriteLine(captioner.Describe("photo.jpg").Text);
/// </code>
/// </example>
public sealed class Captioner : IDisposable
{
    private readonly CaptionerOptions _options;
    private readonly GenerationOptions _defaults;
    private readonly DraftTable? _drafts;

    private Captioner(VisionEncoderDecoderModel model, Gpt2Tokenizer tokenizer, ViTImageProcessor processor, GenerationOptions defaults, CaptionerOptions options)
    {
        Model = model;
        Tokenizer = tokenizer;
        Processor = processor;
        _defaults = defaults;
        _options = options;
        _drafts = options.DraftTokens > 0 ? new DraftTable(options.DraftTokens) : null;
    }

    /// <summary>The model.</summary>
    public VisionEncoderDecoderModel Model { get; }

    /// <summary>The checkpoint's tokenizer.</summary>
    public Gpt2Tokenizer Tokenizer { get; }

    /// <summary>What turns pictures into the model's input.</summary>
    public ViTImageProcessor Processor { get; }

    /// <summary>Loads a checkpoint folder as Hugging Face's <c>save_pretrained</c> writes it, or a model of the hub, which is fetched if the cache does not have it.</summary>
    /// <param name="folderOrName">The folder: config.json, weights, tokenizer files; generation_config.json and preprocessor_config.json where it has them. Or <c>owner/name[@revision]</c>; a folder of that name wins.</param>
    /// <param name="options">Threads, batch size, decoding of pictures, the hub; null means the defaults.</param>
    /// <exception cref="ConfigurationException">There is no such folder and the text is no name of the hub, or a configuration file is missing or cannot be used.</exception>
    /// <exception cref="HubException">The model cannot be fetched.</exception>
    /// <exception cref="CheckpointException">Weights are missing, damaged, or do not fit config.json.</exception>
    public static Captioner Load(string folderOrName, CaptionerOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folderOrName);
        options ??= new CaptionerOptions();
        options.Validate();
        var folder = ModelSource.Locate(folderOrName, options: options.Hub);
        var reading = Task.Run(() => Gpt2Tokenizer.Load(folder)); // its 50 000 tokens, while the weights are bound
        var generation = GenerationConfig.Load(folder).Options;
        var model = VisionEncoderDecoderModel.Load(folder, new ModelOptions { Threads = options.Threads, DType = options.DType });
        var tokenizer = reading.GetAwaiter().GetResult();
        var processor = LoadProcessor(folder, model.Config.Encoder.ImageSize);
        if (tokenizer.VocabularySize > model.Config.Decoder.VocabSize)
            throw new ConfigurationException($"{folder}: the tokenizer has {tokenizer.VocabularySize} tokens, the decoder only {model.Config.Decoder.VocabSize} (vocab_size); are the tokenizer files of another model?");
        return new Captioner(model, tokenizer, processor, generation.MergeOver(DefaultLength(options, model)), options);
    }

    /// <summary>Describes one picture.</summary>
    /// <param name="image">A path, bytes or a stream.</param>
    /// <param name="options">What differs from the checkpoint's own generation settings; null: nothing.</param>
    /// <param name="cancellationToken">Checked between tokens.</param>
    /// <exception cref="ImageDecodeException">The picture cannot be decoded.</exception>
    /// <exception cref="ConfigurationException">The options cannot be used.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Caption Describe(ImageInput image, GenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        Describe([Prepare(image)], options, cancellationToken)[0];

    /// <summary>Describes many pictures, <see cref="CaptionerOptions.BatchSize"/> at a time; a caption each, in their order.</summary>
    /// <inheritdoc cref="Describe(ImageInput, GenerationOptions, CancellationToken)"/>
    public IReadOnlyList<Caption> Describe(IReadOnlyList<ImageInput> images, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        var captions = new List<Caption>(images.Count);
        foreach (var chunk in images.Chunk(_options.BatchSize))
            captions.AddRange(Describe([.. chunk.Select(Prepare)], options, cancellationToken));
        return captions;
    }

    /// <summary>Describes picture files; see <see cref="Describe(IReadOnlyList{ImageInput}, GenerationOptions, CancellationToken)"/>.</summary>
    public IReadOnlyList<Caption> Describe(IReadOnlyList<string> paths, GenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        Describe([.. paths.Select(ImageInput.FromFile)], options, cancellationToken);

    /// <summary>Describes pictures that are prepared already, in one pass.</summary>
    /// <inheritdoc cref="Describe(ImageInput, GenerationOptions, CancellationToken)" path="/exception"/>
    public IReadOnlyList<Caption> Describe(IReadOnlyList<PreparedImage> images, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.Count == 0)
            return [];
        using var encoded = Encode(images);
        var output = TextGenerator.Generate(rows => Model.StartDecoding(encoded, rows), Complete(options), _drafts, cancellationToken);
        return [.. images.Select((image, index) =>
        {
            var captions = output.Sequences.Where(sequence => sequence.Image == index).Select(sequence => ToCaption(sequence, image.Name)).ToList();
            return captions[0] with { Alternatives = captions[1..] };
        })];
    }

    /// <summary>Describes one picture on the thread pool.</summary>
    /// <inheritdoc cref="Describe(ImageInput, GenerationOptions, CancellationToken)"/>
    public Task<Caption> DescribeAsync(ImageInput image, GenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Describe(image, options, cancellationToken), cancellationToken);

    /// <summary>Describes many pictures on the thread pool.</summary>
    /// <inheritdoc cref="Describe(IReadOnlyList{ImageInput}, GenerationOptions, CancellationToken)"/>
    public Task<IReadOnlyList<Caption>> DescribeAsync(IReadOnlyList<ImageInput> images, GenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Describe(images, options, cancellationToken), cancellationToken);

    /// <summary>Gives the caption token by token as it is found. For greedy search and sampling of one sequence: beam search knows its tokens only at the end and is refused.</summary>
    /// <inheritdoc cref="Describe(ImageInput, GenerationOptions, CancellationToken)"/>
    public async IAsyncEnumerable<CaptionToken> DescribeStreamAsync(
        ImageInput image, GenerationOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var complete = Complete(options);
        if (complete.NumReturnSequences is > 1)
            throw new ConfigurationException($"generation options: streaming gives one sequence; num_return_sequences is {complete.NumReturnSequences}.");
        using var encoded = await Task.Run(() => Encode([Prepare(image)]), cancellationToken).ConfigureAwait(false);
        var decoder = Tokenizer.CreateStreamingDecoder();
        await foreach (var token in TextGenerator.StreamAsync(rows => Model.StartDecoding(encoded, rows), complete, _drafts, cancellationToken).ConfigureAwait(false))
        {
            var text = decoder.Push(token.TokenId);
            yield return new CaptionToken(token.TokenId, token.Finish is null ? text : text + decoder.Finish(), token.LogProbability);
        }
    }

    /// <summary>Decodes, resizes and normalises a picture; the first half of <see cref="Describe(ImageInput, GenerationOptions, CancellationToken)"/>.</summary>
    /// <exception cref="ImageDecodeException">The picture cannot be decoded.</exception>
    public PreparedImage Prepare(ImageInput image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var decoded = image.Decode(_options.ImageDecoding, Processor.Target);
        return new PreparedImage(image.Name, decoded.Width, decoded.Height, Processor.Preprocess(decoded.Image));
    }

    /// <summary>The options a call runs with: the caller's over the checkpoint's over Sightline's default length.</summary>
    public GenerationOptions Complete(GenerationOptions? options) => (options ?? new GenerationOptions()).MergeOver(_defaults);

    /// <summary>Lets the weights go.</summary>
    public void Dispose() => Model.Dispose();

    private static ViTImageProcessor LoadProcessor(string folder, int imageSize)
    {
        var config = ImageProcessorConfig.Load(folder);
        var hasFile = File.Exists(Path.Combine(folder, ImageProcessorConfig.FileName)) || File.Exists(Path.Combine(folder, ImageProcessorConfig.NestedFileName));
        if (!hasFile) // the card's own repository has none: ViT's defaults, at the size the encoder takes
            config = config with { Size = new ImageSize(imageSize, imageSize) };
        var processor = new ViTImageProcessor(config);
        var size = processor.GetOutputSize(new RgbImage(imageSize, imageSize));
        if (size.Width != imageSize || size.Height != imageSize)
            throw new ConfigurationException($"{Path.Combine(folder, ImageProcessorConfig.FileName)}: gives pictures of {size.Width} × {size.Height} pixels; the encoder takes {imageSize} × {imageSize} (config.json, encoder.image_size).");
        return processor;
    }

    private static GenerationOptions DefaultLength(CaptionerOptions options, VisionEncoderDecoderModel model) =>
        new() { MaxLength = Math.Min(options.DefaultMaxLength, model.Config.Decoder.NPositions) };

    private EncoderOutput Encode(IReadOnlyList<PreparedImage> images)
    {
        if (images.Count == 1)
            return Model.Encode(images[0].PixelValues);
        var size = images[0].PixelValues.Length;
        var pixelValues = ArrayPool<float>.Shared.Rent(checked(images.Count * size));
        for (var i = 0; i < images.Count; i++)
            images[i].PixelValues.CopyTo(pixelValues, i * size);
        var encoded = Model.Encode(pixelValues.AsSpan(0, images.Count * size), images.Count);
        ArrayPool<float>.Shared.Return(pixelValues);
        return encoded;
    }

    private Caption ToCaption(GeneratedSequence sequence, string image)
    {
        var ids = sequence.TokenIds.Skip(sequence.PromptLength).ToArray();
        var decoder = Tokenizer.CreateStreamingDecoder();
        var tokens = new CaptionToken[ids.Length];
        for (var i = 0; i < ids.Length; i++)
        {
            var text = decoder.Push(ids[i]);
            tokens[i] = new CaptionToken(ids[i], i == ids.Length - 1 ? text + decoder.Finish() : text, sequence.LogProbabilities[i]);
        }

        return new Caption
        {
            Text = Tokenizer.Decode(sequence.TokenIds.ToArray(), skipSpecialTokens: true),
            Score = sequence.Score,
            Tokens = tokens,
            Finish = sequence.Finish,
            Image = image,
        };
    }
}
