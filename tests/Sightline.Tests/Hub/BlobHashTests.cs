using Sightline.Hub;
using Xunit;

namespace Sightline.Tests.Hub;

public sealed class BlobHashTests
{
    // git hash-object, sha256sum
    [Theory]
    [InlineData("ce013625030ba8dba906f756967f9e9ca394464a")]
    [InlineData("5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03")]
    public void Mismatch_TheHashesOfGitAndLargeFileStorage_AreKnown(string etag)
    {
        using var hash = new BlobHash(etag, 6);
        hash.Append("hel"u8);
        Assert.NotNull(hash.Mismatch());
        hash.Append("lo\n"u8);
        Assert.Null(hash.Mismatch());
        hash.Append("x"u8);
        Assert.NotNull(hash.Mismatch());
        hash.Reset();
        hash.Append("hello\n"u8);
        Assert.Null(hash.Mismatch());
    }

    [Fact]
    public void Mismatch_ETagThatIsNoHash_SaysNothing()
    {
        using var hash = new BlobHash("v1-of-a-mirror", 6);
        hash.Append("anything"u8);
        Assert.Null(hash.Mismatch());
    }
}
