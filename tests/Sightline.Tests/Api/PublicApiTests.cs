using Xunit;

namespace Sightline.Tests.Api;

public sealed class PublicApiTests
{
    [Fact]
    public void PublicApi_OfTheCore_IsTheApprovedOne() =>
        PublicApi.AssertApproved(typeof(Captioner).Assembly, PublicApi.Beside("Sightline.approved.txt"));
}
