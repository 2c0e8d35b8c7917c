using Sightline.Tests;
using Xunit;

namespace Sightline.Verification.Tests;

public sealed class PublicApiTests
{
    [Fact]
    public void PublicApi_OfVerification_IsTheApprovedOne() =>
        PublicApi.AssertApproved(typeof(FixtureVerifier).Assembly, PublicApi.Beside("Sightline.Verification.approved.txt"));
}
