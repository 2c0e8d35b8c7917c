using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Sightline.Generation;
using Sightline.Server.Captioning;

namespace Sightline.Server.Tests;

/// <summary>Keeps a server's model busy with a picture of its own until it is disposed, so that requests queue up.</summary>
internal sealed class HeldModel : ChannelWriter<StreamedToken>, IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _released = new();

    private HeldModel()
    {
    }

    /// <summary>Puts the picture into the model.</summary>
    public static async Task<HeldModel> HoldAsync(TestServer server)
    {
        var held = new HeldModel();
        var request = server.App.Services.GetRequiredService<CaptionService>().Check(new CaptionRequest(new GenerationOptions()));
        server.App.Services.GetRequiredService<BatchGatherer>().Add(new CaptionJob(server.Captioner.Prepare(TestServer.Picture), request, 0, held, CancellationToken.None));
        await held._entered.Task.WaitAsync(s_patience);
        return held;
    }

    public void Dispose() => _released.Set();

    public override bool TryWrite(StreamedToken item)
    {
        _entered.TrySetResult();
        return _released.Wait(s_patience);
    }

    public override ValueTask<bool> WaitToWriteAsync(CancellationToken cancellationToken = default) => ValueTask.FromResult(true);
}
