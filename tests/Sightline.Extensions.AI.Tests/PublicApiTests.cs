using Sightline.Tests;
using Xunit;

namespace Sightline.Extensions.AI.Tests;

public sealed class PublicApiTests
{
    [Fact]
    public void PublicApi_OfTheExtensions_IsTheApprovedOne() => PublicApi.AssertApproved(typeof(SightlineChatClient).Assembly, PublicApi.Beside("Sightline.Extensions.AI.approved.txt"));
}
