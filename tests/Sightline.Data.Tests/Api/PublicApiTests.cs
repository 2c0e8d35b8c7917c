using Sightline.Tests;
using Xunit;

namespace Sightline.Data.Tests.Api;

public sealed class PublicApiTests
{
    [Fact]
    public void PublicApi_OfTheDataLibrary_IsTheApprovedOne() =>
        PublicApi.AssertApproved(typeof(CaptionDataset).Assembly, PublicApi.Beside("Sightline.Data.approved.txt"));
}
