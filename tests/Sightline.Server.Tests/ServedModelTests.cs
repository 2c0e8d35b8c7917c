using Sightline.Server.Captioning;
using Sightline.Tests;
using Xunit;

namespace Sightline.Server.Tests;

public sealed class ServedModelTests
{
    [Fact]
    public void WarmUp_ThatFails_LetsTheModelGo()
    {
        var captioner = Captioner.Load(Fixture.Path("checkpoints", "t-base"));
        Assert.Throws<OperationCanceledException>(() => ServedModel.WarmUp(captioner, new CancellationToken(canceled: true)));
        Assert.Throws<ObjectDisposedException>(() => captioner.Describe(TestServer.Picture));
    }

    [Fact]
    public void WarmUp_ThatSucceeds_LeavesTheModelReady()
    {
        using var captioner = Captioner.Load(Fixture.Path("checkpoints", "t-base"));
        ServedModel.WarmUp(captioner, CancellationToken.None);
        Assert.Equal("a yellow square", captioner.Describe(TestServer.Picture).Text);
    }
}
