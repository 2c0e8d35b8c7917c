using System.Text;
using NATS.Client.JetStream;
using Sightline.Cli.Output;
using Sightline.Cli.Pictures;

namespace Sightline.Worker.Queue;

/// <summary>A picture that the queue has given to this worker.</summary>
internal sealed class Job
{
    private const int MostShown = 1 << 16;
    private readonly byte[] _line;

    /// <param name="message">What the server sent.</param>
    /// <param name="root">The folder that paths may not leave.</param>
    public Job(INatsJSMsg<byte[]> message, string root)
    {
        Message = message;
        _line = message.Data ?? [];
        Deliveries = message.Metadata?.NumDelivered ?? 1;
        Picture = PictureLine.Parse($"job {message.Metadata?.Sequence.Stream}", _line, root);
    }

    /// <summary>What the server sent.</summary>
    public INatsJSMsg<byte[]> Message { get; }

    /// <summary>The picture; its opening fails where the line asks for none.</summary>
    public Picture Picture { get; }

    /// <summary>How often the job was given to a worker, from 1.</summary>
    public ulong Deliveries { get; }

    /// <summary>What is kept of a job that is set aside: id, reason, deliveries, and the line, or its beginning where it is long.</summary>
    public string SetAsideLine(string reason) => JsonLine.Create(writer =>
    {
        writer.WriteString("id", Picture.Id);
        writer.WriteString("error", reason);
        writer.WriteNumber("deliveries", Deliveries);
        writer.WriteString("job", Encoding.UTF8.GetString(_line.AsSpan(0, Math.Min(_line.Length, MostShown))));
    });
}
