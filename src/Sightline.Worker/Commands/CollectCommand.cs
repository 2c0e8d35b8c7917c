using System.CommandLine;
using System.Text;
using Sightline.Cli;
using Sightline.Cli.Output;
using Sightline.Worker.Queue;

namespace Sightline.Worker.Commands;

/// <summary><c>sightline-worker collect</c>: prints what the workers stored.</summary>
internal static class CollectCommand
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var settings = new QueueSettings();
        var wait = new Option<bool>("--wait") { Description = "Wait until no job is left." };
        var verb = new Verb("collect", "Print the results: a line of JSON for each picture.")
        {
            Notes = """
                Example:
                  sightline-worker collect --wait > captions.jsonl

                A picture has its result, or, where its job was set aside, "error", "deliveries" and "job", after all the results.
                The results stay in the queue. The exit code is 1 if jobs are left.
                """,
        };
        settings.AddTo(verb);
        verb.Add(wait);
        verb.Run(async (result, terminal, cancellationToken) =>
        {
            await using var queue = await CaptionQueue.OpenAsync(settings.Read(result), cancellationToken);
            try
            {
                return await CollectAsync(queue, result.GetValue(wait), terminal, cancellationToken);
            }
            catch (Exception e) when (CaptionQueue.IsTransient(e))
            {
                throw new SightlineException($"the results cannot be read ({e.Message.TrimEnd('.')}).", e);
            }
        });
        return verb;
    }

    private static async Task<int> CollectAsync(CaptionQueue queue, bool wait, Terminal terminal, CancellationToken cancellationToken)
    {
        var left = await queue.CountJobsAsync(cancellationToken);
        for (; wait && left > 0; left = await queue.CountJobsAsync(cancellationToken))
            await Task.Delay(s_patience, cancellationToken);

        var setAside = new Dictionary<string, byte[]>();
        await foreach (var (key, line) in queue.ReadSetAsideAsync(cancellationToken))
            setAside[key] = line;
        var printed = new HashSet<string>(); // a result that is stored anew meanwhile would come twice
        await foreach (var (key, line) in queue.ReadResultsAsync(cancellationToken))
        {
            setAside.Remove(key); // it went well later
            if (printed.Add(key))
                terminal.WriteLine(Encoding.UTF8.GetString(line));
        }

        foreach (var line in setAside.Values)
            terminal.WriteLine(Encoding.UTF8.GetString(line));
        terminal.WriteError($"sightline: {printed.Count} results, {setAside.Count} set aside, {left} jobs left.");
        return left > 0 ? ExitCode.Failed : ExitCode.Done;
    }
}
