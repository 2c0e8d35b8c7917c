using Sightline.Benchmarks.Peers;
using Sightline.Generation;
using Sightline.Kernels;

namespace Sightline.Benchmarks;

/// <summary>
/// Batches whose captions end at different steps, as real ones do: the model is made to say the captions of a results file, a batch at a time. Kept
/// whole to the end (an observer of scores sees every row), with finished pictures leaving, and on ONNX Runtime, which keeps them.
/// </summary>
internal static class LengthBenchmark
{
    private static readonly int[] s_sizes = [4, 8, 16];

    /// <param name="folder">The checkpoint.</param>
    /// <param name="picture">What is captioned each time.</param>
    /// <param name="results">A results file.</param>
    /// <param name="format">Number format.</param>
    /// <param name="export">A folder that <c>sightline export</c> wrote, or null.</param>
    /// <param name="suffix">Which of its files, as <c>_quantized</c>.</param>
    /// <param name="most">Captions said at most.</param>
    public static void Run(string folder, string picture, string results, WeightFormat format, string? export, string suffix, int most)
    {
        using var captioner = Captioner.Load(folder, new CaptionerOptions { DType = format, DraftTokens = 0 });
        using var peer = export is null ? null : new OnnxRuntimePeer("ONNX Runtime", export, suffix, Environment.ProcessorCount);
        var image = captioner.Prepare(picture);
        var captions = SaidCaptions.Read(results, captioner.Tokenizer, most);
        Console.WriteLine($"{format}, greedy, ms a picture; {captions.Average(caption => caption.Length):N1} tokens a caption{(peer is null ? "" : $"; ONNX Runtime on {export} {suffix}")}");
        Console.WriteLine("| pictures in a batch | tokens of the longest | kept to the end | leaving | ONNX Runtime |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach (var size in s_sizes.Where(size => captions.Count >= 2 * size)) // the first batch warms up
        {
            var (longest, batches, times) = (0, 0, new double[3]);
            foreach (var batch in captions.Chunk(size).Where(batch => batch.Length == size))
            {
                var options = new GenerationOptions { MaxLength = batch.Max(caption => caption.Length) + 1, LogitsProcessors = [new SaidCaptions(batch)] };
                var images = Enumerable.Repeat(image, size).ToList();
                double[] pass = [
                    Timing.AfterRest(() => captioner.Describe(images, options with { ScoresObserver = (_, _, _) => { } })),
                    Timing.AfterRest(() => captioner.Describe(images, options)),
                    peer is null ? 0 : Timing.AfterRest(() => ((IPeer)peer).Caption([.. Enumerable.Repeat(image.PixelValues, size).SelectMany(values => values)], size, captioner.Complete(options)))];
                if (batches++ == 0)
                    continue;
                longest += batch.Max(caption => caption.Length);
                for (var i = 0; i < pass.Length; i++)
                    times[i] += pass[i];
            }

            var count = (batches - 1) * size;
            Console.WriteLine($"| {size} | {(double)longest / (batches - 1):N1} | {times[0] / count:N1} | {times[1] / count:N1} ({times[1] / times[0]:P0}) | {(peer is null ? "–" : $"{times[2] / count:N1} ({times[2] / times[1]:N2} times leaving)")} |");
        }
    }
}
