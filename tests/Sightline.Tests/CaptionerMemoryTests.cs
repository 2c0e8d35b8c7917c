using Sightline.Generation;
using Xunit;

namespace Sightline.Tests;

/// <summary>Measures the memory of the whole process, so nothing may run beside it.</summary>
[Collection(nameof(AloneCollection))]
public sealed class CaptionerMemoryTests
{
    private static readonly string s_model = Fixture.Path("checkpoints", "t-base");
    private static readonly string s_picture = Fixture.Path("images", "shapes", "shape1.png");

    [Fact]
    public void Describe_ThousandsOfCaptions_KeepsMemoryFlat()
    {
        using var captioner = Captioner.Load(s_model);
        var image = captioner.Prepare(s_picture);
        var options = new GenerationOptions { MaxLength = 12 };
        long Live(int captions)
        {
            for (var i = 0; i < captions; i++)
                captioner.Describe([image], options);
            return GC.GetTotalMemory(forceFullCollection: true);
        }

        var before = Live(300);
        Assert.InRange(Live(3000) - before, long.MinValue, 1 << 20);
    }

    [Fact]
    public void Dispose_Captioner_FreesTheWeightsAndRefusesMore()
    {
        var weights = LoadAndDispose(out var captioner);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.False(weights.IsAlive);
        Assert.Throws<ObjectDisposedException>(() => captioner.Describe(s_picture));
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static WeakReference LoadAndDispose(out Captioner captioner)
    {
        captioner = Captioner.Load(s_model);
        var parts = typeof(Sightline.Models.VisionEncoderDecoderModel).GetField("_parts", System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Instance)!;
        var reference = new WeakReference(parts.GetValue(captioner.Model));
        Assert.True(reference.IsAlive);
        captioner.Dispose();
        return reference;
    }
}
