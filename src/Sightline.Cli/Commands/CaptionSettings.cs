using System.CommandLine;
using Sightline.Generation;
using Sightline.Imaging;
using Sightline.Kernels;

namespace Sightline.Cli.Commands;

/// <summary>The options of <c>caption</c> that say how captions are made. What is not given stays null, and the checkpoint's own setting counts.</summary>
internal sealed class CaptionSettings
{
    private const string Compat417 = "4.17";
    private const string Compat431 = "4.31";
    private const long MostPixels = 715_827_869; // ImageDecodeOptions.MaxPixels allows no more

    private readonly Option<int?> _beams = NumberOption.Whole<int>("--beams", "Beam search with this many beams; 1 takes the likeliest word each time.");
    private readonly Option<int?> _numReturn = NumberOption.Whole<int>("--num-return", "Captions for each picture, best first; at most the number of beams unless sampling.");
    private readonly Option<int?> _maxLength = NumberOption.Whole<int>("--max-length", "Most tokens of a caption, start token included (50 if the model says nothing).");
    private readonly Option<int?> _maxNewTokens = NumberOption.Whole<int>("--max-new-tokens", "Most tokens of a caption, start token not counted.");
    private readonly Option<int?> _minLength = NumberOption.Whole<int>("--min-length", "Least tokens of a caption.");
    private readonly Option<double?> _lengthPenalty = NumberOption.Real("--length-penalty", "Beam search: above 0 favours long captions.");
    private readonly Option<int?> _noRepeatNgramSize = NumberOption.Whole<int>("--no-repeat-ngram-size", "No run of this many tokens occurs twice; 0 is off.");
    private readonly Option<double?> _repetitionPenalty = NumberOption.Real("--repetition-penalty", "Above 1 makes words that occurred less likely.");
    private readonly Option<bool?> _earlyStopping = Flag("--early-stopping", "Beam search: stop as soon as there are as many captions as beams.");
    private readonly Option<bool?> _sample = Flag("--sample", "Draw words at random instead of taking the likeliest.");
    private readonly Option<double?> _temperature = NumberOption.Real("--temperature", "Sampling: above 1 is more adventurous, below 1 less.");
    private readonly Option<int?> _topK = NumberOption.Whole<int>("--top-k", "Sampling: only the k likeliest tokens; 0 is all.");
    private readonly Option<double?> _topP = NumberOption.Real("--top-p", "Sampling: only the likeliest tokens up to this probability, 0 to 1.");
    private readonly Option<long?> _seed = NumberOption.Whole<long>("--seed", "Sampling: the same seed gives a picture the same captions, whatever else is captioned beside it.");
    private readonly Option<bool> _noExif = new("--no-exif") { Description = "Do not turn photos the way their EXIF data say." };
    private readonly Option<long?> _maxPixels = NumberOption.Whole<long>("--max-pixels", $"Refuse pictures with more pixels (default {ImageDecodeOptions.Default.MaxPixels}).", 1, MostPixels);
    private readonly Option<string?> _compat = ChoiceOption.Create("--compat", "Follow this version of Transformers where versions differ; 4.17 is the default.", Compat417, Compat431);

    private readonly Option<string?> _dtype = ChoiceOption.Create("--dtype", "Number format of the weights: auto, the default, is that of the model if it was converted to one, else fp32. int8 is the fastest and changes a few captions in a hundred.", [.. Enum.GetNames<WeightFormat>().Select(name => name.ToLowerInvariant())]);

    /// <summary>Threads for the arithmetic; 0, the default, is one per physical core.</summary>
    public Option<int?> Threads { get; } = NumberOption.Whole<int>("--threads", "Threads for the arithmetic; 0, the default, is one for each core.", 0, 1024);

    /// <summary>Pictures in one pass of the model.</summary>
    public Option<int?> Batch { get; } = NumberOption.Whole<int>("--batch", "Pictures that go through the model together (default 8); more need more memory.", 1, 1024);

    /// <summary>Every option, in the order of the help text.</summary>
    public IReadOnlyList<Option> Options =>
    [
        _beams, _numReturn, _maxLength, _maxNewTokens, _minLength, _lengthPenalty, _noRepeatNgramSize, _repetitionPenalty, _earlyStopping,
        _sample, _temperature, _topK, _topP, _seed, _noExif, _maxPixels, _compat, _dtype, Threads, Batch,
    ];

    /// <summary>How the captioner is loaded.</summary>
    public CaptionerOptions CaptionerOptions(ParseResult result)
    {
        var defaults = new CaptionerOptions();
        return defaults with
        {
            Threads = result.GetValue(Threads) ?? defaults.Threads,
            DType = Enum.Parse<WeightFormat>(result.GetValue(_dtype) ?? nameof(WeightFormat.Auto), ignoreCase: true),
            BatchSize = result.GetValue(Batch) ?? defaults.BatchSize,
            ImageDecoding = defaults.ImageDecoding with
            {
                ApplyExifOrientation = !result.GetValue(_noExif),
                MaxPixels = result.GetValue(_maxPixels) ?? defaults.ImageDecoding.MaxPixels,
            },
        };
    }

    /// <summary>How many pictures are captioned.</summary>
    public CaptionPipelineOptions PipelineOptions(ParseResult result) => new() { BatchSize = CaptionerOptions(result).BatchSize };

    /// <summary>How captions are generated, as far as the command line says it; not checked.</summary>
    public GenerationOptions GenerationOptions(ParseResult result) => new()
    {
        NumBeams = result.GetValue(_beams),
        NumReturnSequences = result.GetValue(_numReturn),
        MaxLength = result.GetValue(_maxLength),
        MaxNewTokens = result.GetValue(_maxNewTokens),
        MinLength = result.GetValue(_minLength),
        LengthPenalty = result.GetValue(_lengthPenalty),
        NoRepeatNgramSize = result.GetValue(_noRepeatNgramSize),
        RepetitionPenalty = result.GetValue(_repetitionPenalty),
        EarlyStopping = result.GetValue(_earlyStopping) switch { null => null, true => EarlyStopping.True, false => EarlyStopping.False },
        DoSample = result.GetValue(_sample),
        Temperature = result.GetValue(_temperature),
        TopK = result.GetValue(_topK),
        TopP = result.GetValue(_topP),
        Seed = result.GetValue(_seed),
        Compatibility = result.GetValue(_compat) == Compat431 ? Compatibility.Transformers431 : Compatibility.Transformers417,
    };

    /// <summary>How captions are generated.</summary>
    /// <exception cref="UsageException">The options do not fit each other or the model.</exception>
    public GenerationOptions GenerationOptions(ParseResult result, Captioner captioner)
    {
        var options = GenerationOptions(result);
        captioner.Complete(null).Validate(); // a fault of the model's own settings is not one of the command line
        try
        {
            captioner.Complete(options).Validate();
        }
        catch (ConfigurationException e)
        {
            throw new UsageException(e.Message);
        }

        return options;
    }

    private static Option<bool?> Flag(string name, string description) => new(name) { Description = description };
}
