using System.Globalization;
using System.Runtime.InteropServices;
using Sightline.ModelCards;
using Sightline.Models;
using Sightline.Training.Results;

namespace Sightline.Training.Cli.Demo;

/// <summary>The model card of the demonstration, filled from its run.</summary>
internal static class DemoCard
{
    public static string Create(DemoOptions options, DemoData data, VisionEncoderDecoderModel model, IReadOnlyList<LossRow> losses,
        IReadOnlyList<(string What, int True, int Count)> rows, IReadOnlyList<JudgedCaption> val, TimeSpan duration) => HonestCard.Create(new HonestCardFacts
        {
            ModelName = "sightline-shapes",
            Language = "en",
            Architecture = $"A vision encoder-decoder: ViT with {model.Config.Encoder.NumHiddenLayers} layers and GPT-2 with {model.Config.Decoder.NLayer} layers, {model.Config.Decoder.NEmbd} wide, {ParameterCatalog.List(model.Config).Sum(p => p.ElementCount):N0} parameters.",
            DatasetName = "Made-up pictures of coloured shapes",
            DataFacts =
            [
                $"{data.Train.Length:N0} pictures of 32 x 32 pixels with five captions each, generated from seed {options.Seed}; one in ten is spoilt and captioned as VizWiz captions unusable photos.",
                $"{data.Val.Length:N0} new pictures and {data.Heldout.Length:N0} with pairs of colour and shape that training never shows.",
            ],
            Preprocessing = ["Pixels to -1 ... 1 per channel, no resizing.", $"Captions to a byte-level BPE vocabulary of {data.Tokenizer.VocabularySize} tokens learned from them."],
            Hyperparameters = [("updates", $"{options.Steps}"), ("batch size", "24"), ("learning rate", "0.0015, linear, 100 warm-up steps"), ("optimizer", "AdamW (0.9, 0.98, 1e-8), weight decay 0.01"), ("seed", $"{options.Seed}")],
            TokenLoss = losses[^1].Losses.Masked,
            PaddedLoss = losses[^1].Losses.Pad,
            Examination =
            [
                .. rows.Select(row => string.Create(CultureInfo.InvariantCulture, $"True by rule, {row.What}: {row.True} of {row.Count} ({(double)row.True / row.Count:P0}).")),
                $"Different captions for {val.Count} new pictures: {val.Select(caption => caption.Caption.Text).Distinct().Count()}.",
            ],
            Limits = ["It knows coloured shapes and nothing else: every photograph is outside its world."],
            Hardware = $"{Environment.ProcessorCount} processors, {RuntimeInformation.OSArchitecture}, no GPU; {options.Threads} used",
            Duration = duration,
            FrameworkVersions = FrameworkVersions.List,
            Command = string.Create(CultureInfo.InvariantCulture, $"sightline-train demo --seed {options.Seed} --minutes {options.Minutes}"),
        });
}
