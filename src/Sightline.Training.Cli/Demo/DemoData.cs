using Sightline.Data.Shapes;
using Sightline.Imaging;
using Sightline.Tokenization;

namespace Sightline.Training.Cli.Demo;

/// <summary>Pictures, captions and the vocabulary learned from them.</summary>
internal sealed class DemoData
{
    private const int VocabularySize = 400;

    private DemoData(ShapesOptions options, ShapesPicture[] train, ShapesPicture[] val, ShapesPicture[] heldout, Gpt2Tokenizer tokenizer)
    {
        (Options, Train, Val, Heldout, Tokenizer) = (options, train, val, heldout, tokenizer);
        Processor = new ViTImageProcessor(new ImageProcessorConfig { Size = new ImageSize(DemoModel.PictureSize, DemoModel.PictureSize) });
    }

    public ShapesOptions Options { get; }

    /// <summary>Pictures to learn from.</summary>
    public ShapesPicture[] Train { get; }

    /// <summary>New pictures of the kinds learned.</summary>
    public ShapesPicture[] Val { get; }

    /// <summary>Pictures with a pair of colour and shape that was never learned.</summary>
    public ShapesPicture[] Heldout { get; }

    public Gpt2Tokenizer Tokenizer { get; }

    public ViTImageProcessor Processor { get; }

    public static DemoData Make(long seed)
    {
        var options = new ShapesOptions { Level = 1, Size = DemoModel.PictureSize, Seed = (ulong)seed };
        var train = ShapesDataset.Generate(ShapesPart.Train, options);
        var tokenizer = BpeTrainer.Train(train.SelectMany(picture => picture.Captions), new BpeTrainerOptions { VocabularySize = VocabularySize, ModelMaxLength = 2 * DemoModel.MaxTokens })
            .WithSpecialToken(SpecialTokenRole.Pad, "<|endoftext|>");
        return new DemoData(options, train, ShapesDataset.Generate(ShapesPart.Val, options), ShapesDataset.Generate(ShapesPart.Heldout, options), tokenizer);
    }

    /// <summary>[3, size, size], normalised.</summary>
    public float[] PixelValues(ShapesPicture picture) => Processor.Preprocess(new RgbImage(Options.Size, Options.Size, picture.Pixels));

    /// <summary>Token ids with the end token, at most <see cref="DemoModel.MaxTokens"/>.</summary>
    public long[] Labels(string caption) =>
        [.. Tokenizer.Encode(caption).Take(DemoModel.MaxTokens - 1).Append(Tokenizer.EosTokenId!.Value).Select(id => (long)id)];
}
