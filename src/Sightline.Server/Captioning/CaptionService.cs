using System.Diagnostics;
using System.Threading.Channels;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;
using Sightline.Server.Configuration;
using Sightline.Server.Observability;

namespace Sightline.Server.Captioning;

/// <summary>What the endpoints call: pictures in, captions out. Admits, decodes, queues and waits.</summary>
internal sealed class CaptionService(ServedModel model, BatchGatherer gatherer, Admission admission, ServerMetrics metrics, IOptions<ServerOptions> options) : IDisposable
{
    // A decoded picture can take 3 bytes a pixel: only so many at a time.
    private readonly SemaphoreSlim _decoders = new(Math.Clamp(Environment.ProcessorCount, 1, 4));

    /// <summary>Checks what a request asks for against the model and the limits, and completes it.</summary>
    public CaptionRequest Check(CaptionRequest request) => request with { Options = GenerationSettings.Check(request.Options, model.Ready, options.Value) };

    /// <summary>Captions pictures, as many as the request has. A picture that cannot be captioned does not spoil the others.</summary>
    /// <exception cref="Errors.ApiException">429: too many pictures are waiting; 503: the model is loading.</exception>
    /// <exception cref="SightlineException">The settings cannot be used.</exception>
    public async Task<IReadOnlyList<CaptionOutcome>> DescribeAsync(IReadOnlyList<ImageInput> pictures, CaptionRequest request, CancellationToken cancellationToken)
    {
        request = Check(request);
        using var lease = admission.Admit(pictures.Count);
        return await Task.WhenAll(pictures.Select(picture => DescribeOneAsync(picture, request, cancellationToken)));
    }

    /// <summary>Captions one picture.</summary>
    /// <exception cref="ImageDecodeException">The picture cannot be decoded.</exception>
    /// <inheritdoc cref="DescribeAsync(IReadOnlyList{ImageInput}, CaptionRequest, CancellationToken)" path="/exception"/>
    public async Task<CaptionResult> DescribeAsync(ImageInput picture, CaptionRequest request, CancellationToken cancellationToken)
    {
        var outcome = (await DescribeAsync([picture], request, cancellationToken))[0];
        return outcome.Result ?? throw outcome.Error!;
    }

    /// <summary>Captions one picture and gives its tokens as they are chosen, for greedy search and sampling; the result follows at the end.</summary>
    /// <returns>Once the picture is decoded and queued: everything that can be wrong with the request is known by then.</returns>
    public async Task<CaptionStream> StreamAsync(ImageInput picture, CaptionRequest request, CancellationToken cancellationToken)
    {
        request = Check(request);
        var lease = admission.Admit(1);
        try
        {
            var tokens = Channel.CreateUnbounded<StreamedToken>();
            var job = await PrepareAsync(picture, request, request.Options.NumBeams is > 1 ? null : tokens.Writer, cancellationToken);
            if (job.Tokens is null)
                tokens.Writer.Complete(); // beam search knows its tokens only at the end
            gatherer.Add(job);
            _ = job.Result.ContinueWith(task => Finish(task, lease), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            return new CaptionStream(tokens.Reader, job.Result);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    public void Dispose() => _decoders.Dispose();

    private void Finish(Task<CaptionResult> task, RateLimitLease lease)
    {
        metrics.Image(task.IsCompletedSuccessfully ? "captioned" : task.IsCanceled ? "cancelled" : "failed");
        lease.Dispose();
    }

    private async Task<CaptionOutcome> DescribeOneAsync(ImageInput picture, CaptionRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var job = await PrepareAsync(picture, request, tokens: null, cancellationToken);
            gatherer.Add(job);
            var result = await job.Result.WaitAsync(cancellationToken);
            metrics.Image("captioned");
            return new CaptionOutcome(picture.Name, result, null);
        }
        catch (OperationCanceledException)
        {
            metrics.Image("cancelled");
            throw;
        }
        catch (SightlineException e)
        {
            metrics.Image(e is ImageDecodeException ? "undecodable" : "failed");
            return new CaptionOutcome(picture.Name, null, e);
        }
    }

    private async Task<CaptionJob> PrepareAsync(ImageInput picture, CaptionRequest request, ChannelWriter<StreamedToken>? tokens, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        await _decoders.WaitAsync(cancellationToken);
        try
        {
            var prepared = await Task.Run(() => model.Ready.Prepare(picture), cancellationToken);
            var elapsed = Stopwatch.GetElapsedTime(start);
            metrics.Stage("decode", elapsed);
            return new CaptionJob(prepared, request, elapsed.TotalMilliseconds, tokens, cancellationToken);
        }
        finally
        {
            _decoders.Release();
        }
    }
}
