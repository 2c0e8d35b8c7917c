using System.CommandLine;
using System.Text.Json.Nodes;
using Sightline.Data;
using Sightline.Data.Shapes;
using Sightline.Data.Statistics;
using Sightline.Hub;
using Sightline.Tokenization;

namespace Sightline.Training.Cli.Commands;

/// <summary><c>sightline-train data</c>: what is in caption files, and a made-up set to learn from.</summary>
internal static class DataCommand
{
    public static Command Create() => new("data", "Look into caption files, or make a set of coloured shapes.") { Stats(), Demo() };

    private static Command Stats()
    {
        var files = new Argument<string[]>("ANNOTATIONS") { Description = "Caption files: VizWiz-Captions or COCO JSON, CSV, JSON lines, Parquet; several are compared.", Arity = ArgumentArity.OneOrMore };
        var images = new Option<string?>("--images") { Description = "The folder of the pictures: missing ones are reported, and several files are compared by picture content.", HelpName = "DIR" };
        var tokenizer = new Option<string?>("--tokenizer") { Description = "A tokenizer's folder, or owner/name of the hub; without it lengths are counted in words.", HelpName = "DIR" };
        var json = new Option<bool>("--json") { Description = "One JSON object." };
        var command = new Command("stats", "Count pictures, captions, lengths, repetitions, and pictures that are in several files.") { files, images, tokenizer, json };
        command.SetAction(parsed =>
        {
            var folder = parsed.GetValue(images);
            var options = new CaptionDatasetOptions
            {
                RequireImageFiles = folder is not null,
                MissingImages = FaultPolicy.Skip,
                BadEntries = FaultPolicy.Skip,
                AllowNoCaptions = true,
            };
            var paths = parsed.GetRequiredValue(files);
            var names = SplitNames(paths);
            var splits = paths.Select((path, i) => (names[i], CaptionDataset.Load(path, ImagesOf(folder, names[i]), options))).ToList();
            var words = parsed.GetValue(tokenizer) is not { } tokenizerFolder;
            Func<string, int> count = words ? CountWords : LoadCounter(parsed.GetValue(tokenizer)!);
            var statistics = DatasetStatistics.Compute(splits, count, new StatisticsOptions { CompareImageBytes = folder is not null && splits.Count > 1 });
            if (parsed.GetValue(json))
            {
                var result = new JsonObject { ["length_unit"] = words ? "words" : "tokens" };
                foreach (var (key, value) in statistics.ToJson())
                    result[key] = value?.DeepClone();
                Console.Out.WriteLine(result.ToJsonString());
                return;
            }

            if (words)
                Console.Out.WriteLine("No tokenizer was given: lengths are in words, not tokens.");
            foreach (var line in statistics.ToLines())
                Console.Out.WriteLine(line);
        });
        return command;
    }

    private static Command Demo()
    {
        var defaults = new ShapesOptions();
        var folder = new Argument<string>("OUT") { Description = "The folder to write: annotations/train.json, train/, and so on." };
        var level = new Option<int>("--level") { Description = "1: four shapes and six colours; 2: more of everything, counts, synonyms.", DefaultValueFactory = _ => defaults.Level };
        var size = new Option<int>("--size") { Description = "Side of the pictures in pixels.", DefaultValueFactory = _ => defaults.Size };
        var train = new Option<int>("--train") { Description = "Pictures to learn from.", DefaultValueFactory = _ => defaults.Train };
        var val = new Option<int>("--val") { Description = "New pictures of the kinds learned.", DefaultValueFactory = _ => defaults.Val };
        var heldout = new Option<int>("--heldout") { Description = "Pictures with pairs of colour and shape that train never has.", DefaultValueFactory = _ => defaults.Heldout };
        var seed = new Option<ulong>("--seed") { Description = "Decides everything.", DefaultValueFactory = _ => defaults.Seed };
        var command = new Command("demo", "Write pictures of coloured shapes with five captions each, in the layout of VizWiz-Captions.") { folder, level, size, train, val, heldout, seed };
        command.SetAction((parsed, stop) =>
        {
            var options = new ShapesOptions
            {
                Level = parsed.GetValue(level),
                Size = parsed.GetValue(size),
                Train = parsed.GetValue(train),
                Val = parsed.GetValue(val),
                Heldout = parsed.GetValue(heldout),
                Seed = parsed.GetValue(seed),
            };
            var path = parsed.GetRequiredValue(folder);
            ShapesDataset.Write(path, options, stop);
            Console.Out.WriteLine($"{path}: {options.Train} training, {options.Val} validation and {options.Heldout} held-out pictures of {options.Size} pixels.");
            return Task.FromResult(0);
        });
        return command;
    }

    // "train" and "val" for annotations/train.json and annotations/val.json; the paths where names repeat.
    private static string[] SplitNames(string[] paths)
    {
        var names = paths.Select(path => Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(path))).ToArray();
        return names.Distinct().Count() == names.Length ? names
            : paths.Distinct().Count() == paths.Length ? paths : throw new UsageException("one caption file is given twice.");
    }

    private static string? ImagesOf(string? folder, string split) =>
        folder is not null && Directory.Exists(Path.Combine(folder, split)) ? Path.Combine(folder, split) : folder;

    private static int CountWords(string caption) => caption.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;

    private static Func<string, int> LoadCounter(string folder)
    {
        var tokenizer = Gpt2Tokenizer.Load(ModelSource.Locate(folder, ModelParts.Tokenizer));
        return caption => tokenizer.Encode(caption).Length;
    }
}
