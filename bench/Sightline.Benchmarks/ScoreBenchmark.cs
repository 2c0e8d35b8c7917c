using System.Diagnostics;
using System.Runtime.InteropServices;
using Sightline.Metrics;

namespace Sightline.Benchmarks;

/// <summary>
/// The time to score a set as large as the VizWiz validation set: tokenizer, BLEU, ROUGE-L, CIDEr-D. Captions are made from a seed: words drawn by Zipf's
/// law, 5 to 20 a caption, as long and as repetitive as real ones, so that the numbers of n-grams are realistic.
/// </summary>
internal static class ScoreBenchmark
{
    private const int References = 5;
    private const int Words = 6_000;
    private const int Runs = 5;

    public static void Run(int images)
    {
        var random = new Random(7);
        var weights = Enumerable.Range(1, Words).Select(rank => 1.0 / rank).ToArray();
        for (var i = 1; i < Words; i++)
            weights[i] += weights[i - 1];
        var references = Enumerable.Range(0, images).Select(_ => Enumerable.Range(0, References).Select(_ => Caption(random, weights)).ToArray()).ToArray();
        var candidates = references.Select(own => Mixed(own, random)).ToArray();
        Console.WriteLine($"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSArchitecture}, {Environment.ProcessorCount} processors; {images} images, {References} references each");

        var annotations = new CaptionAnnotations(references.Select((own, i) => new AnnotatedImage(i, null, null, [.. own.Select(text => new ReferenceCaption(text))])));
        CaptionResult[] results = [.. candidates.Select((text, i) => new CaptionResult(i, text))];
        var report = Measure("all together, first run in a fresh process", 1, () => CaptionEvaluation.Run(annotations, results));
        Measure("all together, median", Runs, () => CaptionEvaluation.Run(annotations, results));
        var (tokenized, tokenizedReferences) = Measure("tokenizer, median", Runs, () => Tokenize(candidates, references));
        Measure("BLEU alone (reads the n-grams), median", Runs, () => Bleu.Score(tokenized, tokenizedReferences));
        Measure("ROUGE-L alone, median", Runs, () => RougeL.Score(tokenized, tokenizedReferences));
        Measure("CIDEr-D alone (reads the n-grams), median", Runs, () => CiderD.Score(tokenized, tokenizedReferences));
        Console.WriteLine(string.Join(", ", report.Metrics.Select(metric => $"{metric.Name} {metric.Corpus:0.0000}")));
    }

    private static (string[] Candidates, string[][] References) Tokenize(string[] candidates, string[][] references)
    {
        var flat = PtbTokenizer.Tokenize([.. references.SelectMany(own => own)]);
        return ([.. PtbTokenizer.Tokenize(candidates)], [.. flat.Chunk(References)]);
    }

    private static string Caption(Random random, double[] cumulative)
    {
        var words = new List<string>();
        for (var left = random.Next(5, 21); left > 0; left--)
        {
            var rank = Array.BinarySearch(cumulative, random.NextDouble() * cumulative[^1]);
            words.Add($"w{(rank < 0 ? ~rank : rank)}{(random.Next(12) == 0 ? "," : "")}");
        }

        words[0] = $"A {words[0]}";
        return $"{string.Join(' ', words)}.";
    }

    // Half of one reference and half of another.
    private static string Mixed(string[] own, Random random)
    {
        var (first, second) = (own[random.Next(own.Length)].Split(' '), own[random.Next(own.Length)].Split(' '));
        return string.Join(' ', first.Take((first.Length / 2) + 1).Concat(second.Skip(second.Length / 2)));
    }

    // On a shared machine the processor time says more than the clock.
    private static T Measure<T>(string what, int runs, Func<T> action)
    {
        var times = new List<(TimeSpan Clock, TimeSpan Processor)>();
        T result;
        do
        {
            var (clock, before) = (Stopwatch.StartNew(), Processor());
            result = action();
            times.Add((clock.Elapsed, Processor() - before));
        }
        while (times.Count < runs);
        Console.WriteLine($"{what}: {times.Select(x => x.Clock).Order().ElementAt(runs / 2).TotalSeconds:0.000} s, processor {times.Select(x => x.Processor).Order().ElementAt(runs / 2).TotalSeconds:0.000} s");
        return result;
    }

    private static TimeSpan Processor()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }
}
