using System.Globalization;
using Sightline.Training.Benchmarks;
using Sightline.Training.Benchmarks.Captions;
using Sightline.Training.Benchmarks.Ranks;

// dotnet run -c Release --project bench/Sightline.Training.Benchmarks -- FOLDER [steps]
// dotnet run -c Release --project bench/Sightline.Training.Benchmarks -- grouped FOLDER [steps]
// dotnet run -c Release --project bench/Sightline.Training.Benchmarks -- ranks [Mbit/s] [bucket MB] [steps]
// dotnet run -c Release --project bench/Sightline.Training.Benchmarks -- caption-peer FOLDER PICTURE [threads]
if (args is [] or ["grouped"] or ["caption-peer"] or ["caption-peer", _])
{
    Console.Error.WriteLine("""
        FOLDER [steps]             seconds per step of a full-size checkpoint (Sightline.Benchmarks make) at batch 8, 32 label tokens, fp32 and bf16
        grouped FOLDER [steps]     8 pictures with 5 captions each: each picture encoded once against once a caption
        ranks [Mbit/s] [MB] [steps]   two ranks over a throttled link (1000 Mbit/s, buckets of 4 MB, 9 steps): with and without overlap of exchange and backward;
                                      needs Linux, root, iproute2 and Open MPI
        caption-peer FOLDER PICTURE [threads]   captions by TorchSharp (fp32, bf16) beside Sightline's, as ratios
        """);
    return 2;
}

int Number(int index, int otherwise) => args.Length > index ? int.Parse(args[index], CultureInfo.InvariantCulture) : otherwise;
if (args[0] is "ranks" or RanksBenchmark.RankVerb)
{
    var (megabits, bucket, updates) = (Number(1, 1000), Number(2, 4), Number(3, 9));
    return args[0] == "ranks" ? RanksBenchmark.Run(megabits, bucket, updates) : RankSteps.Run(megabits, bucket, updates);
}

if (args[0] == "caption-peer")
{
    CaptionPeers.Run(args[1], args[2], threads: Number(3, Environment.ProcessorCount));
    return 0;
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
