using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Sightline.Training.Distributed;
using Sightline.Training.Native;
using Sightline.Training.Ranks;

// Started by the tests under mpirun: Sightline.Training.Ranks FOLDER JOB [ARGUMENT...]; each rank writes one JSON object into the folder.
var environment = RankEnvironment.Detect();
TorchLibrary.UsePortableArithmetic(); // as the tests do, which compare with it
switch (args[1])
{
    case "collective":
        using (var ranks = Connect(60))
            Write(CollectiveJob.Run(ranks));
        return 0;
    case "train":
        using (var ranks = Connect(60))
            Write(TrainingJob.Run(ranks, args[2], JsonNode.Parse(args[3])!.AsObject(), args.ElementAtOrDefault(4)));
        return 0;
    case "hang": // rank 1 never comes
        using (var ranks = Connect(2))
        {
            if (ranks.Rank == 1)
                Thread.Sleep(Timeout.Infinite);
            var clock = Stopwatch.StartNew();
            ranks.Barrier();
            throw new InvalidOperationException($"the barrier was left after {clock.Elapsed}");
        }

    case "die": // rank 1 goes in the middle of what the others wait for
        using (var ranks = Connect(60))
        {
            Write(new JsonObject { ["rank"] = ranks.Rank, ["process"] = Environment.ProcessId });
            ranks.Barrier();
            if (ranks.Rank == 1)
                _ = Signal(Environment.ProcessId, 9);
            ranks.Barrier();
            throw new InvalidOperationException("the barrier was left");
        }

    default:
        throw new ArgumentException($"no job is called {args[1]}");
}

void Write(JsonObject result) => File.WriteAllText(Path.Combine(args[0], $"{result["rank"]}.json"), result.ToJsonString());

ICollective Connect(int seconds) => Collectives.Connect(environment, "cpu", TimeSpan.FromSeconds(seconds));

[DllImport("libc", EntryPoint = "kill")]
static extern int Signal(int process, int signal);
