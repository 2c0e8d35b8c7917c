using Sightline.Benchmarks.Peers;
using Sightline.Generation;
using Sightline.Kernels;

namespace Sightline.Benchmarks;

/// <summary>
/// What guesses save (<see cref="CaptionerOptions.DraftTokens"/>), on captions that a real captioner gave to real pictures: a full-size model with
/// random weights is made to say them, one picture after the other, and learns as it goes. With an ONNX folder, ONNX Runtime says them too.
/// </summary>
internal static class DraftBenchmark
{
    private static readonly int[] s_ends = [10, 100, 250, 500, 1000, int.MaxValue];

    /// <param name="folder">The checkpoint.</param>
    /// <param name="picture">What is captioned each time.</param>
    /// <param name="results">A results file, <c>[{"image_id", "caption"}]</c>, as any system writes it.</param>
    /// <param name="format">Number format.</param>
    /// <param name="export">A folder that <c>sightline export</c> wrote, or null.</param>
    /// <param name="suffix">Which of its files, as <c>_quantized</c>.</param>
    /// <param name="most">Captions said at most.</param>
    public static void Run(string folder, string picture, string results, WeightFormat format, string? export, string suffix, int most)
    {
        using var plain = Captioner.Load(folder, new CaptionerOptions { DType = format, DraftTokens = 0 });
        using var drafting = Captioner.Load(folder, new CaptionerOptions { DType = format });
        using var peer = export is null ? null : new OnnxRuntimePeer("ONNX Runtime", export, suffix, Environment.ProcessorCount);
        var image = plain.Prepare(picture);
        var captions = SaidCaptions.Read(results, plain.Tokenizer, most);
        foreach (var captioner in new[] { plain, drafting })
            captioner.Describe([image], new GenerationOptions { MaxLength = 3, LogitsProcessors = [new SaidCaptions([[plain.Tokenizer.EosTokenId!.Value]])] });
        ((IPeer?)peer)?.Caption(image.PixelValues, 1, plain.Complete(new GenerationOptions { MaxLength = 8, MinLength = 8 }));

        Console.WriteLine($"{format}, ms a caption{(peer is null ? "" : $"; ONNX Runtime on {export} {suffix}")}");
        Console.WriteLine($"| captions | tokens a caption | without guesses | with | {(peer is null ? "" : "ONNX Runtime | ONNX Runtime / with |")}");
        Console.WriteLine($"|---|---|---|---|{(peer is null ? "" : "---|---|")}");
        var (first, tokens) = (0, 0);
        double[] times = [0, 0, 0];
        for (var i = 0; i < captions.Count; i++)
        {
            var options = new GenerationOptions { MaxLength = captions[i].Length + 1, LogitsProcessors = [new SaidCaptions([captions[i]])] };
            Caption? expected = null, actual = null;
            times[0] += Timing.AfterRest(() => expected = plain.Describe([image], options)[0]);
            times[1] += Timing.AfterRest(() => actual = drafting.Describe([image], options)[0]);
            if (!expected!.TokenIds.SequenceEqual(captions[i]) || !actual!.TokenIds.SequenceEqual(captions[i]) || actual.Score != expected.Score)
                throw new SightlineException($"caption {i}: guesses changed it.");
            if (peer is not null)
                times[2] += Timing.AfterRest(() => ((IPeer)peer).Caption(image.PixelValues, 1, plain.Complete(options)));
            tokens += captions[i].Length;
            if (i + 1 < captions.Count && !s_ends.Contains(i + 1))
                continue;
            var count = i + 1 - first;
            Console.WriteLine($"| {first + 1} to {i + 1} | {(double)tokens / count:N1} | {times[0] / count:N1} | {times[1] / count:N1} ({times[1] / times[0]:P0}) | {(peer is null ? "" : $"{times[2] / count:N1} | {times[2] / times[1]:N2} |")}");
            (first, tokens) = (i + 1, 0);
            Array.Clear(times);
        }
    }
}
