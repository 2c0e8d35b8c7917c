using Sightline.Data.Pipeline;
using Sightline.Imaging;
using Xunit;

namespace Sightline.Data.Tests.Pipeline;

public sealed class PixelCacheTests
{
    private const int PictureBytes = 16 * 16 * 3;

    private static readonly ImageProcessorConfig s_processor = new() { Size = new ImageSize(16, 16) };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Read_EveryPicture_EqualsTheFile()
    {
        using var folder = new TemporaryFolder();
        var dataset = TestPictures.Write(folder);
        var source = new FilePixelSource(dataset, s_processor);
        using var cache = PixelCache.OpenOrBuild(Path.Combine(folder.Path, "cache", "p.bin"), dataset, source, cancellation: Cancellation);
        Assert.Same(dataset, cache.Dataset);
        Assert.Equal((12, 16, 16), (cache.Count, cache.Width, cache.Height));
        for (var i = 0; i < cache.Count; i++)
            Assert.Equal(Read(source, i), Read(cache, i));
        Assert.NotEqual(Read(cache, 0), Read(cache, 1));
    }

    [Fact]
    public void Open_NothingChanged_DecodesNothing()
    {
        using var folder = new TemporaryFolder();
        var (built, path) = BuildCount(folder, out var dataset, s_processor);
        Assert.Equal(12, built);
        Assert.Equal(0, Build(path, dataset, s_processor));
        Assert.Equal(["p.bin", "p.bin.lock"], Directory.GetFiles(folder.Path, "p.bin*").Select(Path.GetFileName).Order());
    }

    public static TheoryData<string> Changes => ["size", "filter", "exif", "file time", "file length", "missing file", "cut off", "head", "version", "longer"];

    [Theory]
    [MemberData(nameof(Changes))]
    public void Open_SomethingChanged_IsMadeAnew(string change)
    {
        using var folder = new TemporaryFolder();
        var (_, path) = BuildCount(folder, out var dataset, s_processor);
        var processor = s_processor;
        var decode = new ImageDecodeOptions { ApplyExifOrientation = false };
        var picture = dataset.Images[4].FilePath;
        switch (change)
        {
            case "size":
                processor = s_processor with { Size = new ImageSize(8, 24) };
                break;
            case "filter":
                processor = s_processor with { Resample = Resampling.Bicubic };
                break;
            case "exif":
                decode = decode with { ApplyExifOrientation = true };
                break;
            case "file time":
                File.SetLastWriteTimeUtc(picture, new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
                break;
            case "file length":
                var time = File.GetLastWriteTimeUtc(picture);
                File.AppendAllText(picture, "x");
                File.SetLastWriteTimeUtc(picture, time);
                break;
            case "missing file":
                File.Delete(picture);
                break;
            case "cut off":
                Change(path, stream => stream.SetLength(stream.Length - 1));
                break;
            case "longer":
                Change(path, stream => stream.SetLength(stream.Length + 1));
                break;
            case "head":
                Change(path, stream => Flip(stream, 130)); // the first picture's checksum
                break;
            default:
                Change(path, stream => Flip(stream, 8));
                break;
        }

        Assert.Equal(12, Build(path, dataset, processor, decode));
        Assert.Equal(0, Build(path, dataset, processor, decode));
    }

    [Fact]
    public void Read_DamagedPixels_SaysSo()
    {
        using var folder = new TemporaryFolder();
        var (_, path) = BuildCount(folder, out var dataset, s_processor);
        Change(path, stream => Flip(stream, stream.Length - 1));
        using var cache = PixelCache.OpenOrBuild(path, dataset, new FilePixelSource(dataset, s_processor), cancellation: Cancellation);
        Read(cache, 10);
        var error = Assert.Throws<DatasetException>(() => Read(cache, 11));
        Assert.Equal($"{path}: the pixels of {dataset.Images[11].FileName} are damaged; delete the cache, it will be made anew.", error.Message);
    }

    [Fact]
    public void Open_CorruptPictures_FailNamingThemOrAreLeftOut()
    {
        using var folder = new TemporaryFolder();
        var dataset = TestPictures.Write(folder);
        File.WriteAllText(dataset.Images[2].FilePath, "no picture");
        File.WriteAllBytes(dataset.Images[5].FilePath, File.ReadAllBytes(dataset.Images[5].FilePath)[..60]);
        var path = Path.Combine(folder.Path, "p.bin");
        var source = new FilePixelSource(dataset, s_processor);
        var error = Assert.Throws<DatasetException>(() => PixelCache.OpenOrBuild(path, dataset, source, cancellation: Cancellation));
        Assert.Contains("2 problems", error.Message, StringComparison.Ordinal);
        Assert.Contains(dataset.Images[2].FileName, error.Message, StringComparison.Ordinal);
        Assert.Contains(dataset.Images[5].FileName, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);

        var built = 0;
        using var cache = PixelCache.OpenOrBuild(
            path, dataset, source, new PixelCacheOptions { CorruptImages = FaultPolicy.Skip, Progress = n => built = n }, Cancellation);
        Assert.Equal(0, built); // the failed attempt left a cache that knows the faults
        Assert.Equal(10, cache.Count);
        Assert.Equal(50, cache.Dataset.Examples.Count);
        Assert.Equal(2, cache.Dataset.Report.SkippedImages.Count);
        for (var i = 0; i < cache.Count; i++)
            Assert.Equal(Read(source, dataset.Images.ToList().IndexOf(cache.Dataset.Images[i])), Read(cache, i));
    }

    [Fact]
    public void Build_ByManyAtOnce_HappensOnce()
    {
        using var folder = new TemporaryFolder();
        var dataset = TestPictures.Write(folder);
        var path = Path.Combine(folder.Path, "p.bin");
        var built = 0;
        Parallel.For(0, 6, new ParallelOptions { MaxDegreeOfParallelism = 6 }, _ =>
        {
            using var cache = PixelCache.OpenOrBuild(
                path, dataset, new FilePixelSource(dataset, s_processor), new PixelCacheOptions { Progress = n => Interlocked.Increment(ref built) });
            Assert.Equal(12, cache.Count);
            Read(cache, 3);
        });
        Assert.Equal(12, built);
    }

    [Fact]
    public void Build_Cancelled_LeavesNothingAndFreesTheLock()
    {
        using var folder = new TemporaryFolder();
        var dataset = TestPictures.Write(folder);
        var path = Path.Combine(folder.Path, "p.bin");
        using var cancel = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => PixelCache.OpenOrBuild(
            path, dataset, new FilePixelSource(dataset, s_processor), new PixelCacheOptions { Progress = _ => cancel.Cancel() }, cancel.Token));
        Assert.Equal(["p.bin.lock"], Directory.GetFiles(folder.Path, "p.bin*").Select(Path.GetFileName));
        Assert.Equal(12, Build(path, dataset, s_processor));
    }

    [Fact]
    public void Build_LockedByAnother_WaitsUntilCancelled()
    {
        using var folder = new TemporaryFolder();
        var dataset = TestPictures.Write(folder);
        var path = Path.Combine(folder.Path, "p.bin");
        using var other = new FileStream(path + ".lock", FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        using var cancel = new CancellationTokenSource(300);
        Assert.ThrowsAny<OperationCanceledException>(() => PixelCache.OpenOrBuild(path, dataset, new FilePixelSource(dataset, s_processor), cancellation: cancel.Token));
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void Build_WhereNoFileCanBe_SaysSoInOneLine()
    {
        using var folder = new TemporaryFolder();
        var dataset = TestPictures.Write(folder);
        var path = Path.Combine(dataset.Images[0].FilePath, "p.bin");
        var error = Assert.Throws<DatasetException>(() => PixelCache.OpenOrBuild(path, dataset, new FilePixelSource(dataset, s_processor), cancellation: Cancellation));
        Assert.Contains("12 pictures need 9216 bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Crc32C_OfTheCheckString_IsTheStandardValue() => Assert.Equal(0xE3069283u, PixelCacheHeader.Crc32C("123456789"u8));

    private static (int Built, string Path) BuildCount(TemporaryFolder folder, out CaptionDataset dataset, ImageProcessorConfig processor)
    {
        dataset = TestPictures.Write(folder);
        var path = Path.Combine(folder.Path, "p.bin");
        return (Build(path, dataset, processor), path);
    }

    private static int Build(string path, CaptionDataset dataset, ImageProcessorConfig processor, ImageDecodeOptions? decode = null)
    {
        var built = 0;
        var options = new PixelCacheOptions { Progress = n => built = n, CorruptImages = FaultPolicy.Skip };
        using var cache = PixelCache.OpenOrBuild(path, dataset, new FilePixelSource(dataset, processor, decode), options, Cancellation);
        return built;
    }

    private static byte[] Read(IPixelSource source, int image)
    {
        var pixels = new byte[PictureBytes];
        source.Read(image, pixels);
        return pixels;
    }

    private static void Change(string path, Action<FileStream> change)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        change(stream);
    }

    private static void Flip(FileStream stream, long offset)
    {
        stream.Position = offset;
        var value = stream.ReadByte();
        stream.Position = offset;
        stream.WriteByte((byte)(value ^ 1));
    }
}
