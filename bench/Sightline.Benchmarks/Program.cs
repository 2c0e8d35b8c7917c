using Sightline.Benchmarks;

// dotnet run -c Release --project bench/Sightline.Benchmarks -- <what> ...
switch (args)
{
    case ["make", var folder, ..]:
        FullSizeModel.Make(folder, decoderLayers: args.Length > 2 ? int.Parse(args[2]) : 12);
        return 0;
    case ["caption", var folder, var picture, ..]:
        CaptionBenchmark.Run(folder, picture, threads: args.Length > 3 ? int.Parse(args[3]) : 0);
        return 0;
    default:
        Console.Error.WriteLine("make FOLDER [decoderLayers]          write a full-size checkpoint with random weights (ViT-base/16-224, GPT-2; 957 MB)");
        Console.Error.WriteLine("caption FOLDER PICTURE [threads]     load it and caption: load time, ms per stage, peak memory");
        return 2;
}
