using System.Runtime.InteropServices;

namespace Sightline.Server.Benchmarks;

/// <summary>What many clients see: one at a time, at once without batches, at once with batches, and beside hostile clients.</summary>
internal static class LoadBenchmark
{
    private const int Aborts = 1000;
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(2);

    public static async Task RunAsync(string folder, string picturePath, int clients, TimeSpan duration)
    {
        var picture = await File.ReadAllBytesAsync(picturePath);
        var brief = TimeSpan.FromSeconds(Math.Max(2, duration.TotalSeconds / 4));
        Console.WriteLine($"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSArchitecture}, {Environment.ProcessorCount} processors; {clients} clients, {duration.TotalSeconds} s");
        using (var server = await ServerUnderLoad.StartAsync(folder, "--max-batch", "1"))
        {
            await MeasureAsync("warm-up", server, picture, clients, s_warmUp);
            await MeasureAsync("one client, no batches", server, picture, 1, brief);
            await MeasureAsync($"{clients} clients, no batches", server, picture, clients, brief);
        }

        using (var server = await ServerUnderLoad.StartAsync(folder, "--upload-seconds", "5"))
        {
            await MeasureAsync("warm-up", server, picture, clients, s_warmUp);
            await MeasureAsync("one client, batches", server, picture, 1, brief);
            await WatchAsync(server, duration, MeasureAsync($"{clients} clients, batches", server, picture, clients, duration));
            var hostile = new HostileClients(server.Address, picture);
            await WatchAsync(server, duration, hostile.RunAsync(duration, Aborts), MeasureAsync($"{clients} clients beside hostile ones", server, picture, clients, duration));
            foreach (var line in hostile.Report())
                Console.WriteLine(line);
            Console.WriteLine($"the server {(server.IsAlive ? "lives" : "has ended")}");
            await MeasureAsync("one client afterwards", server, picture, 1, TimeSpan.FromSeconds(2));
        }
    }

    private static async Task MeasureAsync(string what, ServerUnderLoad server, byte[] picture, int clients, TimeSpan duration)
    {
        var good = new GoodClients(server.Address, picture);
        var took = await good.RunAsync(clients, duration);
        Console.WriteLine($"{what}: {good.Report(took)}");
    }

    private static async Task WatchAsync(ServerUnderLoad server, TimeSpan duration, params Task[] work)
    {
        var memory = new MemoryWatch(server);
        await Task.WhenAll([memory.RunAsync(duration), .. work]);
        Console.WriteLine(memory.Report());
    }
}
