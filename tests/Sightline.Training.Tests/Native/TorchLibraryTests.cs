using Sightline.Training.Native;
using static TorchSharp.torch;

namespace Sightline.Training.Tests.Native;

public sealed class TorchLibraryTests
{
    [Fact]
    public void Load_ThisSystem_TorchComputes()
    {
        TorchLibrary.Load();
        using var product = arange(6, dtype: ScalarType.Float32).reshape(2, 3).matmul(ones(3, 1));
        Assert.Equal([3f, 12f], product.data<float>().ToArray());
    }
}
