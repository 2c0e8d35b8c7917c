using Sightline;
using Sightline.Benchmarks;
using Sightline.Benchmarks.Machine;
using Sightline.Benchmarks.Peers;
using Sightline.Kernels;
using Sightline.Metrics;

// dotnet run -c Release --project bench/Sightline.Benchmarks -- <what> ...
try
{
    return await Run();
}
catch (Exception e) when (e is SightlineException or MetricsException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

string Option(string name, string otherwise) => Array.IndexOf(args, name) is >= 0 and var i && i + 1 < args.Length ? args[i + 1] : otherwise;

WeightFormat Format(string otherwise) => Enum.Parse<WeightFormat>(Option("--dtype", otherwise), ignoreCase: true);

async Task<int> Run()
{
    switch (args)
    {
        case ["make", var folder, ..]:
            FullSizeModel.Make(folder, decoderLayers: args.Length > 2 ? int.Parse(args[2]) : 12);
            return 0;
        case ["caption", var folder, var picture, ..]:
            CaptionBenchmark.Run(folder, picture, int.Parse(Option("--threads", "0")), Format("auto"));
            return 0;
        case ["encode", var folder, var picture, ..]:
            CaptionBenchmark.RepeatEncoder(folder, picture, int.Parse(Option("--threads", "0")), Format("auto"));
            return 0;
        case ["fidelity", var folder, ..]:
            FidelityBenchmark.Run(folder, Option("--pictures", "") is { Length: > 0 } held ? held : null, int.Parse(Option("--seed", "7")), int.Parse(Option("--count", "500")));
            return 0;
        case ["peers", var folder, var onnx, var picture, ..]:
            PeerRun.Run(folder, onnx, picture, threads: args.Length > 4 ? int.Parse(args[4]) : Environment.ProcessorCount);
            return 0;
        case ["floor", ..]:
            MachineFloor.Measure(args.Length > 1 ? int.Parse(args[1]) : Environment.ProcessorCount).Print(tokens: 20);
            return 0;
        case ["growth", var folder, var picture, ..]:
            GrowthBenchmark.Run(folder, picture, Format("int8"));
            return 0;
        case ["drafts" or "lengths", var folder, var picture, var results, ..]:
            Action<string, string, string, WeightFormat, string?, string, int> run = args[0] == "drafts" ? DraftBenchmark.Run : LengthBenchmark.Run;
            run(folder, picture, results, Format("auto"), Option("--onnx", "") is { Length: > 0 } export ? export : null, Option("--suffix", ""), int.Parse(Option("--count", "1000")));
            return 0;
        case ["picture", var picture]:
            PictureBenchmark.Run(picture);
            return 0;
        case ["folder", var folder, var pictures, ..]:
            await FolderBenchmark.RunAsync(folder, pictures, count: args.Length > 3 ? int.Parse(args[3]) : 64);
            return 0;
        case ["score", ..]:
            ScoreBenchmark.Run(args.Length > 1 ? int.Parse(args[1]) : 7_750);
            return 0;
        default:
            Console.Error.WriteLine("make FOLDER [decoderLayers]          write a full-size checkpoint with random weights (ViT-base/16-224, GPT-2; 957 MB)");
            Console.Error.WriteLine("caption FOLDER PICTURE [--threads N] [--dtype auto|fp32|bf16|int8|int4]    load it and caption: load time, ms per stage, peak memory");
            Console.Error.WriteLine("encode FOLDER PICTURE [--threads N] [--dtype ...]     nothing but the encoder for 12 seconds, for a profiler");
            Console.Error.WriteLine("fidelity FOLDER [--pictures DIR] [--seed N] [--count N]    share of captions that a number format leaves as they are, and the change of logits");
            Console.Error.WriteLine("peers FOLDER ONNX PICTURE [threads]  Sightline, ONNX Runtime on every export below ONNX and transformers.js (npm ci --ignore-scripts --prefix bench/transformers.js), as ratios");
            Console.Error.WriteLine("floor [threads]                      this machine's peak and bandwidth, and the least time of a caption by them");
            Console.Error.WriteLine("growth FOLDER PICTURE [--dtype ...]  time against beams, tokens, pictures in a batch and threads (default int8)");
            Console.Error.WriteLine("drafts FOLDER PICTURE RESULTS.json [--dtype ...] [--onnx EXPORT [--suffix _quantized]] [--count N]    what guessing ahead saves, on captions that a captioner gave");
            Console.Error.WriteLine("lengths FOLDER PICTURE RESULTS.json [--dtype ...] [--onnx EXPORT [--suffix _quantized]] [--count N]    batches of captions that end at different steps");
            Console.Error.WriteLine("picture PICTURE                      from a file to the model's input: ms, exact and scaled");
            Console.Error.WriteLine("folder FOLDER PICTURES [count]       many pictures: one after the other and through the pipeline, pictures a second");
            Console.Error.WriteLine("score [images]                       tokenizer, BLEU, ROUGE-L, CIDEr-D over made-up captions, 5 references each (default 7750 images)");
            return 2;
    }
}
