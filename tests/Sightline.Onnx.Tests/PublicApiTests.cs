using Sightline.Tests;
using Xunit;

namespace Sightline.Onnx.Tests;

public sealed class PublicApiTests
{
    [Fact]
    public void PublicApi_OfOnnx_IsTheApprovedOne() =>
        PublicApi.AssertApproved(typeof(OnnxExporter).Assembly, PublicApi.Beside("Sightline.Onnx.approved.txt"));
}
