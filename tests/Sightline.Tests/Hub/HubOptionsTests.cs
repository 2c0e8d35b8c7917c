using Sightline.Hub;
using Xunit;

namespace Sightline.Tests.Hub;

public sealed class HubOptionsTests
{
    private static HubOptions From(params (string Name, string Value)[] variables) =>
        HubOptions.From(name => variables.Append((Name: "HOME", Value: "/home/you")).Append((Name: "USERPROFILE", Value: "/home/you")).FirstOrDefault(pair => pair.Name == name).Value);

    public static TheoryData<string[], string> Caches() => new()
    {
        { [], "/home/you/.cache/huggingface/hub" },
        { ["XDG_CACHE_HOME=/x"], "/x/huggingface/hub" },
        { ["XDG_CACHE_HOME=/x", "HF_HOME=/h"], "/h/hub" },
        { ["HF_HOME=~/h"], "/home/you/h/hub" },
        { ["HF_HOME=/h", "HF_HUB_CACHE=/c"], "/c" },
        { ["HF_HOME=/h", "HUGGINGFACE_HUB_CACHE=/old"], "/old" },
        { ["HUGGINGFACE_HUB_CACHE=/old", "HF_HUB_CACHE=/c"], "/c" },
        { ["DATA=/data", "HF_HUB_CACHE=$DATA/${USER_NAME}/hub", "USER_NAME=me"], "/data/me/hub" },
        { ["HF_HUB_CACHE=/c/$NOTSET"], "/c/$NOTSET" },
        { ["HF_HUB_CACHE="], "/home/you/.cache/huggingface/hub" },
    };

    [Theory]
    [MemberData(nameof(Caches))]
    public void FromEnvironment_Cache_IsThePythonClients(string[] variables, string cache) =>
        Assert.Equal(cache, From([.. variables.Select(variable => variable.Split('=', 2)).Select(pair => (pair[0], pair[1]))]).CacheFolder.Replace('\\', '/'));

    [Fact]
    public void FromEnvironment_Nothing_IsThePublicHub()
    {
        var options = From();
        Assert.Equal(("https://huggingface.co", null, false), (options.Endpoint, options.Token, options.Offline));
        Assert.Null(options.UseSymbolicLinks);
        Assert.Equal(TimeSpan.FromSeconds(30), options.Timeout);
    }

    [Theory]
    [InlineData("1", true)]
    [InlineData("true", true)]
    [InlineData("YES", true)]
    [InlineData("on", true)]
    [InlineData("0", false)]
    [InlineData("no", false)]
    public void FromEnvironment_Offline_IsRead(string value, bool expected)
    {
        Assert.Equal(expected, From(("HF_HUB_OFFLINE", value)).Offline);
        Assert.Equal(expected, From(("TRANSFORMERS_OFFLINE", value)).Offline);
    }

    [Fact]
    public void FromEnvironment_Token_ComesFromTheVariableOrTheFile()
    {
        using var folder = new TemporaryFolder();
        folder.Write("token", "hf_file\n");
        folder.Write("other", " hf_other ");
        Assert.Equal("hf_file", From(("HF_HOME", folder.Root)).Token);
        Assert.Equal("hf_other", From(("HF_HOME", folder.Root), ("HF_TOKEN_PATH", folder["other"])).Token);
        Assert.Equal("hf_set", From(("HF_HOME", folder.Root), ("HF_TOKEN", " hf_set\n")).Token);
        Assert.Equal("hf_old", From(("HF_HOME", folder.Root), ("HUGGING_FACE_HUB_TOKEN", "hf_old")).Token);
        Assert.Null(From(("HF_HOME", folder.Root), ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")).Token);
        Assert.Null(From(("HF_HOME", folder["nothing"])).Token);
    }

    [Fact]
    public void FromEnvironment_Others_AreRead()
    {
        var options = From(("HF_ENDPOINT", "http://localhost:8080/hub/"), ("HF_HUB_DOWNLOAD_TIMEOUT", "7"), ("HF_HUB_DISABLE_SYMLINKS", "1"));
        Assert.Equal(("http://localhost:8080/hub", TimeSpan.FromSeconds(7), (bool?)false), (options.Endpoint, options.Timeout, options.UseSymbolicLinks));
    }

    [Theory]
    [InlineData("HF_ENDPOINT", "huggingface.co", "HF_ENDPOINT")]
    [InlineData("HF_ENDPOINT", "file:///etc", "HF_ENDPOINT")]
    [InlineData("HF_ENDPOINT", "https://you:pass@hub", "HF_ENDPOINT")]
    [InlineData("HF_ENDPOINT", "https://hub?x=1", "HF_ENDPOINT")]
    [InlineData("HF_TOKEN", "hf_se\ncret", "HF_TOKEN")]
    [InlineData("HF_TOKEN", "hf_sé", "HF_TOKEN")]
    [InlineData("HF_HUB_DOWNLOAD_TIMEOUT", "soon", "HF_HUB_DOWNLOAD_TIMEOUT")]
    [InlineData("HF_HUB_DOWNLOAD_TIMEOUT", "0", "HF_HUB_DOWNLOAD_TIMEOUT")]
    public void FromEnvironment_BadValue_IsOneLine(string variable, string value, string expected)
    {
        var e = Assert.Throws<ConfigurationException>(() => From((variable, value)));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
        Assert.DoesNotContain(variable == "HF_TOKEN" ? "hf_s" : "pass@", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ToString_HasNoToken()
    {
        var text = new HubOptions { Token = "hf_secret" }.ToString();
        Assert.DoesNotContain("hf_secret", text, StringComparison.Ordinal);
        Assert.Contains("Token = set", text, StringComparison.Ordinal);
        Assert.DoesNotContain("hf_secret", new CaptionerOptions { Hub = new HubOptions { Token = "hf_secret" } }.ToString(), StringComparison.Ordinal);
    }
}
