using Sightline.Hub;
using Xunit;

namespace Sightline.Tests.Hub;

public sealed class HubModelNameTests
{
    public static TheoryData<string, string, string> Names() => new()
    {
        { "nlpconnect/vit-gpt2-image-captioning", "nlpconnect/vit-gpt2-image-captioning", "main" },
        { "gagan3012/ViTGPT2_vizwiz@main", "gagan3012/ViTGPT2_vizwiz", "main" },
        { "a/b@v1.0", "a/b", "v1.0" },
        { "a/b@refs/pr/7", "a/b", "refs/pr/7" },
        { "a.b_c/d-e.f@0123456789abcdef0123456789abcdef01234567", "a.b_c/d-e.f", "0123456789abcdef0123456789abcdef01234567" },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void TryParse_Name_IsRead(string text, string repository, string revision)
    {
        Assert.True(HubModelName.TryParse(text, out var name));
        Assert.Equal((repository, revision), (name.Repository, name.Revision));
        Assert.Equal(revision == "main" ? repository : text, name.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("model")]
    [InlineData("a/b/c")]
    [InlineData("./model")]
    [InlineData("../model")]
    [InlineData("/model")]
    [InlineData("a/")]
    [InlineData("a/.b")]
    [InlineData("a/b.")]
    [InlineData("a/-b")]
    [InlineData("a/b-")]
    [InlineData("a/b..c")]
    [InlineData("a/b--c")]
    [InlineData("a--b/c")]
    [InlineData("a/b.git")]
    [InlineData("a/b c")]
    [InlineData("a/b?x=1")]
    [InlineData("a/b%2f")]
    [InlineData("a\\b")]
    [InlineData("C:/b")]
    [InlineData("a/bü")]
    [InlineData("a/b\n")]
    [InlineData("a/b@")]
    [InlineData("a/b@..")]
    [InlineData("a/b@../../x")]
    [InlineData("a/b@/x")]
    [InlineData("a/b@x/")]
    [InlineData("a/b@x//y")]
    [InlineData("a/b@.x")]
    [InlineData("a/b@x.lock")]
    [InlineData("a/b@x\\y")]
    [InlineData("a/b@C:x")]
    [InlineData("a/b@x@y")]
    [InlineData("a/b@x\n")]
    public void TryParse_NoName_IsRefused(string text) => Assert.False(HubModelName.TryParse(text, out _));

    [Fact]
    public void TryParse_TooLong_IsRefused()
    {
        Assert.True(HubModelName.TryParse("a/" + new string('b', 94), out _));
        Assert.False(HubModelName.TryParse("a/" + new string('b', 95), out _));
        Assert.False(HubModelName.TryParse("a/b@" + new string('c', 256), out _));
    }
}
