using Sightline.Training.Native;

namespace Sightline.Training.Tests.Native;

public sealed class ElfVersionNeedsTests
{
    private const string Version = "GLIBCXX_3.4.32";

    [Fact]
    public void Read_TorchSharpsLibrary_NeedsTheNewLibstdcpp()
    {
        var needs = ElfVersionNeeds.Read(Bridge(), "bridge");
        Assert.Contains(("libstdc++.so.6", Version, false), needs);
        Assert.Contains(needs, need => need.Library == "libc.so.6");
    }

    [Fact]
    public void MarkWeak_TorchSharpsLibrary_ChangesOneFlagAndNothingElse()
    {
        var before = Bridge();
        var after = Bridge();
        ElfVersionNeeds.MarkWeak(after, Version, "bridge");

        var changed = Enumerable.Range(0, before.Length).Where(i => before[i] != after[i]).ToList();
        var offset = Assert.Single(changed);
        Assert.Equal(0, before[offset]);
        Assert.Equal(2, after[offset]);
        var needs = ElfVersionNeeds.Read(after, "bridge");
        Assert.Equal([("libstdc++.so.6", Version)], needs.Where(need => need.Weak).Select(need => (need.Library, need.Version)));
    }

    [Fact]
    public void MarkWeak_VersionWhoseSymbolsAreUsed_IsRefused()
    {
        var error = Assert.Throws<SightlineException>(() => ElfVersionNeeds.MarkWeak(Bridge(), "GLIBC_2.2.5", "bridge"));
        Assert.Contains("really used", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MarkWeak_VersionThatIsNotNeeded_IsRefused() =>
        Assert.Throws<SightlineException>(() => ElfVersionNeeds.MarkWeak(Bridge(), "GLIBCXX_9.9", "bridge"));

    [Fact]
    public void Read_FilesThatAreNotElf_SayWhichFile()
    {
        foreach (var bytes in new byte[][] { [], "\u007fELF"u8.ToArray(), new byte[64], [.. "MZ"u8, .. new byte[200]] })
            Assert.Contains("some.so", Assert.Throws<SightlineException>(() => ElfVersionNeeds.Read(bytes, "some.so")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_FileCutOff_IsRefused()
    {
        var bytes = Bridge();
        foreach (var length in new[] { 63, 64, 1000, bytes.Length / 2, bytes.Length - 1 })
            Assert.Throws<SightlineException>(() => ElfVersionNeeds.Read(bytes.AsSpan(0, length), "cut"));
    }

    [Fact]
    public void MarkWeak_DamagedHeadersAndTables_AreRefusedOrDone()
    {
        var original = Bridge();
        var headers = (int)BitConverter.ToUInt64(original, 40);
        var needs = TableOffset(original, headers, 0x6ffffffe);
        var random = new Random(4);
        var refused = 0;
        for (var round = 0; round < 400; round++)
        {
            var bytes = original.AsSpan().ToArray();
            var regions = new[] { (0, 64), (headers, bytes.Length - headers), (needs, 400) };
            var (start, length) = regions[round % regions.Length];
            for (var i = 0; i < 6; i++)
                bytes[start + random.Next(length)] = (byte)random.Next(256);
            try
            {
                ElfVersionNeeds.MarkWeak(bytes, Version, "damaged");
            }
            catch (SightlineException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 50, 399);
    }

    [Fact]
    public void Place_FolderThatCannotBeWritten_TakesTheNext()
    {
        var root = Directory.CreateTempSubdirectory("sightline-elf-");
        try
        {
            var blocked = Path.Combine(root.FullName, "file");
            File.WriteAllText(blocked, "not a folder");
            var good = Path.Combine(root.FullName, "cache");
            var path = TorchLibrary.Place([1, 2, 3], [blocked, good]);
            Assert.StartsWith(good, path, StringComparison.Ordinal);
            Assert.Equal([1, 2, 3], File.ReadAllBytes(path));

            File.WriteAllBytes(path, [9]); // a damaged copy is replaced
            Assert.Equal(path, TorchLibrary.Place([1, 2, 3], [good]));
            Assert.Equal([1, 2, 3], File.ReadAllBytes(path));

            var error = Assert.Throws<SightlineException>(() => TorchLibrary.Place([1], [blocked]));
            Assert.Contains("XDG_CACHE_HOME", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("/lib/libstdc++.so.6: version `GLIBCXX_3.4.32' not found (required by /x/libLibTorchSharp.so)", "GLIBCXX_3.4.32")]
    [InlineData("/lib/libstdc++.so.6: version `CXXABI_1.3.15' not found (required by x)", "CXXABI_1.3.15")]
    [InlineData("libtorch.so: cannot open shared object file: No such file or directory", null)]
    public void MissingVersion_LoaderMessage_NamesTheVersion(string message, string? expected) =>
        Assert.Equal(expected, TorchLibrary.MissingVersion(message));

    private static byte[] Bridge()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so");
        Assert.SkipUnless(File.Exists(path), "the Linux library of TorchSharp is not beside the tests");
        return File.ReadAllBytes(path);
    }

    private static int TableOffset(byte[] elf, int headers, uint type)
    {
        for (var at = headers; ; at += 64)
        {
            if (BitConverter.ToUInt32(elf, at + 4) == type)
                return (int)BitConverter.ToUInt64(elf, at + 24);
        }
    }
}
