using Sightline.Tests;

namespace Sightline.Training.Tests;

public sealed class PublicApiTests
{
    [Fact]
    public void PublicApi_OfTheTrainingLibrary_IsTheApprovedOne() =>
        PublicApi.AssertApproved(typeof(Trainer).Assembly, PublicApi.Beside("Sightline.Training.approved.txt"));
}
