using System.Security.Cryptography;
using System.Text;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace Sightline.Worker.Queue;

/// <summary>
/// The three streams of a queue: jobs (a work queue), results and jobs set aside (the last one for each picture). Subjects end with a key made of the
/// picture's id, so that a picture captioned twice still has one result.
/// </summary>
internal sealed class CaptionQueue : IAsyncDisposable
{
    private const int NotFound = 404;
    private const string Workers = "workers"; // the consumer that all of them share
    private readonly NatsConnection _connection;
    private readonly NatsJSContext _context;
    private readonly QueueOptions _options;

    private CaptionQueue(QueueOptions options)
    {
        _options = options;
        _connection = new NatsConnection(new NatsOpts { Url = options.Url, Name = "sightline-worker", ConnectTimeout = TimeSpan.FromSeconds(5), RequestTimeout = TimeSpan.FromSeconds(5) });
        _context = new NatsJSContext(_connection);
    }

    private string Jobs => $"{_options.Name}-jobs";

    private string Results => $"{_options.Name}-results";

    private string Dead => $"{_options.Name}-dead";

    /// <summary>The largest message that the server takes, in bytes.</summary>
    public int MaxPayload => _connection.ServerInfo?.MaxPayload ?? 0;

    /// <summary>Connects, and makes the streams where they are not there.</summary>
    /// <exception cref="SightlineException">No server, or one without JetStream.</exception>
    public static async Task<CaptionQueue> OpenAsync(QueueOptions options, CancellationToken cancellationToken)
    {
        options.Validate();
        var queue = new CaptionQueue(options);
        try
        {
            await queue._connection.ConnectAsync();
            await queue.MakeStreamAsync(new StreamConfig(queue.Jobs, [$"{options.Name}.jobs.*"]) { Retention = StreamConfigRetention.Workqueue }, cancellationToken);
            await queue.MakeStreamAsync(new StreamConfig(queue.Results, [$"{options.Name}.results.*"]) { MaxMsgsPerSubject = 1 }, cancellationToken);
            await queue.MakeStreamAsync(new StreamConfig(queue.Dead, [$"{options.Name}.dead.*"]) { MaxMsgsPerSubject = 1 }, cancellationToken);
            return queue;
        }
        catch (Exception e)
        {
            await queue.DisposeAsync();
            var server = new Uri(options.Url).GetComponents(UriComponents.HostAndPort, UriFormat.Unescaped);
            throw e is NatsException
                ? new SightlineException($"{server}: no NATS server with JetStream answers ({Innermost(e).TrimEnd('.')}). Start one: nats-server --jetstream --store_dir FOLDER.", e)
                : e;
        }
    }

    /// <summary>The part of a subject that stands for an id: 128 bits of its SHA-256, in hexadecimal.</summary>
    public static string Key(string id) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)).AsSpan(0, 16));

    /// <summary>Whether an error may be gone when the server is back.</summary>
    public static bool IsTransient(Exception e) => e is NatsException or IOException or TimeoutException or ObjectDisposedException;

    /// <summary>Puts a job into the queue.</summary>
    /// <returns>False if the same picture was given within the last two minutes.</returns>
    public async Task<bool> SubmitAsync(string id, ReadOnlyMemory<byte> line, CancellationToken cancellationToken) =>
        !(await PublishAsync($"{_options.Name}.jobs.{Key(id)}", line, Key(id), cancellationToken)).Duplicate;

    /// <summary>Stores a result; returns when the server has it.</summary>
    public Task StoreAsync(string id, string line, CancellationToken cancellationToken) =>
        PublishAsync($"{_options.Name}.results.{Key(id)}", Encoding.UTF8.GetBytes(line), Key(id), cancellationToken);

    /// <summary>Sets a job aside; returns when the server has it.</summary>
    public Task SetAsideAsync(string id, string line, CancellationToken cancellationToken) =>
        PublishAsync($"{_options.Name}.dead.{Key(id)}", Encoding.UTF8.GetBytes(line), null, cancellationToken);

    /// <summary>The place where workers take jobs. The server gives a job as often as it must: workers judge how often is too often, so that none vanishes unseen.</summary>
    public async Task<INatsJSConsumer> OpenJobsAsync(CancellationToken cancellationToken) => await _context.CreateOrUpdateConsumerAsync(
        Jobs,
        new ConsumerConfig(Workers) { AckPolicy = ConsumerConfigAckPolicy.Explicit, AckWait = _options.AckWait, MaxAckPending = _options.MaxAckPending, MaxDeliver = -1 },
        cancellationToken);

    /// <summary>
    /// Jobs that wait or are in hand. The workers' place is asked, not the stream: a server that was killed may keep confirmed jobs in the stream that
    /// it never gives again.
    /// </summary>
    public async Task<long> CountJobsAsync(CancellationToken cancellationToken)
    {
        try
        {
            var place = (await _context.GetConsumerAsync(Jobs, Workers, cancellationToken)).Info;
            return (long)place.NumPending + place.NumAckPending;
        }
        catch (NatsJSApiException e) when (e.Error.Code == NotFound)
        {
            return (await _context.GetStreamAsync(Jobs, cancellationToken: cancellationToken)).Info.State.Messages; // no worker came yet
        }
    }

    /// <summary>The results, oldest first, each with its key.</summary>
    public IAsyncEnumerable<(string Key, byte[] Line)> ReadResultsAsync(CancellationToken cancellationToken) => ReadAsync(Results, cancellationToken);

    /// <summary>The jobs set aside, oldest first, each with its key.</summary>
    public IAsyncEnumerable<(string Key, byte[] Line)> ReadSetAsideAsync(CancellationToken cancellationToken) => ReadAsync(Dead, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private static string Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e.Message;

    private async Task MakeStreamAsync(StreamConfig config, CancellationToken cancellationToken)
    {
        try
        {
            await _context.GetStreamAsync(config.Name!, cancellationToken: cancellationToken);
        }
        catch (NatsJSApiException e) when (e.Error.Code == NotFound)
        {
            await _context.CreateStreamAsync(config, cancellationToken);
        }
    }

    private async Task<PubAckResponse> PublishAsync(string subject, ReadOnlyMemory<byte> data, string? messageId, CancellationToken cancellationToken)
    {
        var answer = await _context.PublishAsync(subject, data, opts: new NatsJSPubOpts { MsgId = messageId }, cancellationToken: cancellationToken);
        if (answer.Error is { } error)
            throw new NatsJSApiException(error);
        return answer;
    }

    private async IAsyncEnumerable<(string Key, byte[] Line)> ReadAsync(string stream, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if ((await _context.GetStreamAsync(stream, cancellationToken: cancellationToken)).Info.State.Messages == 0)
            yield break;
        var consumer = await _context.CreateOrderedConsumerAsync(stream, cancellationToken: cancellationToken);
        await foreach (var message in consumer.ConsumeAsync<byte[]>(cancellationToken: cancellationToken))
        {
            yield return (message.Subject[(message.Subject.LastIndexOf('.') + 1)..], message.Data ?? []);
            if (message.Metadata is { NumPending: 0 })
                yield break;
        }
    }
}
