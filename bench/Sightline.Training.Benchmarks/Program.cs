using Sightline.Training.Benchmarks;

// dotnet run -c Release --project bench/Sightline.Training.Benchmarks -- FOLDER [steps]
// dotnet run -c Release --project bench/Sightline.Training.Benchmarks -- grouped FOLDER [steps]
if (args is [] or ["grouped"])
{
    Console.Error.WriteLine("""
        FOLDER [steps]             seconds per step of a full-size checkpoint (Sightline.Benchmarks make) at batch 8, 32 label tokens, fp32 and bf16
        grouped FOLDER [steps]     8 pictures with 5 captions each: each picture encoded once against once a caption
        """);
    return 2;
}

var grouped = args[0] == "grouped";
string[] rest = grouped ? args[1..] : args;
var steps = rest.Length > 1 ? int.Parse(rest[1]) : 3;
if (grouped)
{
    GroupedBenchmark.Run(rest[0], bf16: true, steps); // the quicker one first
    GroupedBenchmark.Run(rest[0], bf16: false, steps);
    return 0;
}

StepBenchmark.Run(rest[0], bf16: false, steps);
StepBenchmark.Run(rest[0], bf16: true, steps);
return 0;
