using System.Diagnostics;
using System.Threading.Channels;

namespace Sightline.Server.Captioning;

/// <summary>One picture on its way through the model.</summary>
internal sealed class CaptionJob(PreparedImage image, CaptionRequest request, double decodeMs, ChannelWriter<StreamedToken>? tokens, CancellationToken cancellationToken)
{
    private readonly TaskCompletionSource<CaptionResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _queued = Stopwatch.GetTimestamp();

    public PreparedImage Image => image;

    public CaptionRequest Request => request;

    public double DecodeMs => decodeMs;

    /// <summary>Where tokens go as they are chosen; null where nobody watches.</summary>
    public ChannelWriter<StreamedToken>? Tokens => tokens;

    /// <summary>Cancelled when the client has left or its time is up.</summary>
    public CancellationToken Cancellation => cancellationToken;

    /// <summary>Jobs of the same key can go through the model together.</summary>
    public string BatchKey { get; } = $"{request.TopLogProbabilities} {request.Options.ToJson().ToJsonString()}";

    public Task<CaptionResult> Result => _completion.Task;

    public double WaitedMs => Stopwatch.GetElapsedTime(_queued).TotalMilliseconds;

    public void Complete(CaptionResult result)
    {
        if (cancellationToken.IsCancellationRequested)
            Cancel();
        else if (_completion.TrySetResult(result))
            tokens?.TryComplete();
    }

    public void Fail(Exception error)
    {
        if (_completion.TrySetException(error))
            tokens?.TryComplete(error);
    }

    public void Cancel()
    {
        if (_completion.TrySetCanceled(cancellationToken))
            tokens?.TryComplete(new OperationCanceledException(cancellationToken));
    }
}
