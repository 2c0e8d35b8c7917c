using System.CommandLine;
using Sightline.Cli;
using Sightline.Cli.Commands;
using Sightline.Cli.Models;
using Sightline.Worker.Queue;

namespace Sightline.Worker.Commands;

/// <summary><c>sightline-worker run</c>: captions what the queue gives.</summary>
internal static class RunCommand
{
    private static readonly TimeSpan s_linger = TimeSpan.FromMilliseconds(20);

    public static Command Create()
    {
        var defaults = new QueueOptions();
        var model = new ModelSettings();
        var queueSettings = new QueueSettings();
        var json = new Option<bool>("--json") { Description = "Store tokens and times, too." };
        var untilEmpty = new Option<bool>("--until-empty") { Description = "End when the queue is empty; otherwise wait for more." };
        var maxDeliveries = NumberOption.Whole<int>("--max-deliveries", $"Tries before a job is set aside (default {defaults.MaxDeliveries}).", 1, 1000);
        var ackWait = NumberOption.Whole<int>("--ack-wait", $"Seconds without a sign of life after which a job goes to another worker (default {defaults.AckWait.TotalSeconds}).", 1, 3600);
        var maxPending = NumberOption.Whole<int>("--max-pending", $"Jobs that all workers have in hand at most (default {defaults.MaxAckPending}).", 1, 100_000);
        var settings = new CaptionSettings();
        var verb = new Verb("run", "Caption the pictures of the queue until told to stop.")
        {
            Notes = """
                Examples:
                  sightline-worker run --model path/to/model --url nats://queue:4222 --root /data/photos
                  sightline-worker run --model path/to/model --until-empty

                Start as many as you like; stop any at any time. SIGTERM or Ctrl-C: what is in hand is finished, then the exit code is 0.
                All workers of a queue should have the same --ack-wait and --max-pending: the last one started decides.
                """,
        };
        model.AddTo(verb);
        queueSettings.AddTo(verb);
        foreach (var option in new Option[] { queueSettings.Root, json, untilEmpty, maxDeliveries, ackWait, maxPending }.Concat(settings.Options))
            verb.Add(option);
        verb.Run(async (result, terminal, stop) =>
        {
            var given = queueSettings.Read(result);
            var options = given with
            {
                MaxDeliveries = result.GetValue(maxDeliveries) ?? given.MaxDeliveries,
                AckWait = result.GetValue(ackWait) is { } seconds ? TimeSpan.FromSeconds(seconds) : given.AckWait,
                MaxAckPending = result.GetValue(maxPending) ?? given.MaxAckPending,
            };
            var pipelineOptions = settings.PipelineOptions(result) with { Linger = s_linger };
            var workerOptions = new WorkerOptions
            {
                Root = result.GetValue(queueSettings.Root) ?? ".",
                BatchSize = pipelineOptions.BatchSize,
                Detailed = result.GetValue(json),
                UntilEmpty = result.GetValue(untilEmpty),
            };
            workerOptions.Validate();
            await using var queue = await CaptionQueue.OpenAsync(options, stop);
            using var captioner = Captioner.Load(await model.LocateAsync(result, terminal, stop), settings.CaptionerOptions(result));
            var pipeline = new CaptionPipeline(captioner, settings.GenerationOptions(result, captioner), pipelineOptions);
            terminal.WriteError($"sightline: working on the queue {options.Name}.");
            var (done, setAside) = await new QueueWorker(queue, pipeline, options, workerOptions, terminal).RunAsync(stop);
            terminal.WriteError($"sightline: {done} pictures captioned, {setAside} set aside.");
            return ExitCode.Done;
        });
        return verb;
    }
}
