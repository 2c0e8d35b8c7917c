using Sightline.Training.Benchmarks;

// dotnet run -c Release --project bench/Sightline.Training.Benchmarks -- FOLDER [steps]
if (args.Length == 0)
{
    Console.Error.WriteLine("FOLDER [steps]     seconds per step of a full-size checkpoint (Sightline.Benchmarks make) at batch 8, 32 label tokens, fp32 and bf16");
    return 2;
}

foreach (var bf16 in new[] { false, true })
    StepBenchmark.Run(args[0], bf16, args.Length > 1 ? int.Parse(args[1]) : 3);
return 0;
