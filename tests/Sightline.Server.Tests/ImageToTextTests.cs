using System.Text.Json.Nodes;
using Sightline.Generation;
using Xunit;

namespace Sightline.Server.Tests;

public sealed class ImageToTextTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly TestServer _server = shared.Server;

    [Theory]
    [InlineData("/")]
    [InlineData("/models/t-base")]
    public async Task Raw_Picture_IsAList(string path)
    {
        var (status, body) = await _server.Client.AskAsync(path, Http.Raw(TestServer.Picture));
        Assert.Equal(200, status);
        Assert.Equal("""[{"generated_text":"a yellow square"}]""", body.ToJsonString());
    }

    [Fact]
    public async Task Format_Object_IsTheBareObject()
    {
        var (_, body) = await _server.Client.AskAsync("/?format=object", Http.Raw(TestServer.Picture));
        Assert.Equal("""{"generated_text":"a yellow square"}""", body.ToJsonString());
        await using var server = await TestServer.StartAsync("HuggingFaceFormat=object");
        var (_, byOption) = await server.Client.AskAsync("/", Http.Raw(TestServer.Picture));
        Assert.Equal(body.ToJsonString(), byOption.ToJsonString());
        var (_, list) = await server.Client.AskAsync("/?format=list", Http.Raw(TestServer.Picture));
        Assert.Single(list.AsArray());
    }

    [Theory]
    [InlineData("""{"max_new_tokens":3}""", 3, 1)]
    [InlineData("""{"max_new_tokens":6,"generation_parameters":{"num_beams":3,"use_cache":true,"early_stopping":true,"penalty_alpha":null}}""", 6, 3)]
    [InlineData("""{"generate_kwargs":{"num_beams":3,"max_new_tokens":6,"early_stopping":true}}""", 6, 3)]
    public async Task Json_Parameters_Count(string parameters, int length, int beams)
    {
        var options = new GenerationOptions { MaxNewTokens = length, NumBeams = beams, EarlyStopping = beams > 1 ? EarlyStopping.True : null };
        var expected = _server.Captioner.Describe(TestServer.Picture, options).Text;
        var body = new JsonObject { ["inputs"] = Convert.ToBase64String(TestServer.Picture), ["parameters"] = JsonNode.Parse(parameters) };
        var (status, answer) = await _server.Client.AskAsync("/", Http.Json(body));
        Assert.Equal(200, status);
        Assert.Equal(expected, (string?)answer[0]!["generated_text"]);
    }

    public static TheoryData<string, int, string> Refused() => new()
    {
        { """{"inputs":"AAAA","parameters":{"generation_parameters":{"penalty_alpha":0.6}}}""", 400, "penalty_alpha" },
        { """{"inputs":"AAAA","parameters":{"generation_parameters":{"use_cache":false}}}""", 400, "use_cache" },
        { """{"inputs":"AAAA","parameters":{"top_n":1}}""", 400, "top_n" },
        { """{"inputs":"AAAA","parameters":[]}""", 400, "parameters must be an object" },
        { """{"inputs":"AAAA","model":"x"}""", 400, "model" },
        { """{"inputs":"%%%"}""", 400, "not valid base64" },
        { """{"inputs":"AAAA"}""", 400, "not a picture" },
        { """{"inputs":["AAAA"]}""", 400, "inputs must be a string" },
        { """{"inputs":"a","inputs":"b"}""", 400, "not JSON" },
        { "{}", 400, "inputs is missing" },
        { "[]", 400, "no object" },
        { "{", 400, "not JSON" },
        { """{"inputs":"http://127.0.0.1/a.png"}""", 400, "fetches none" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Json_NotUsable_IsAnErrorThatNamesIt(string json, int expected, string words)
    {
        var (status, body) = await _server.Client.AskAsync("/", Http.Json(json));
        Assert.Equal(expected, status);
        Assert.Contains(words, (string?)body["error"], StringComparison.Ordinal);
        Assert.Equal(["error"], body.AsObject().Select(pair => pair.Key));
    }

    [Fact]
    public async Task Model_Unknown_Is404()
    {
        var (status, body) = await _server.Client.AskAsync("/models/gagan3012/ViTGPT2_vizwiz", Http.Raw(TestServer.Picture));
        Assert.Equal(404, status);
        Assert.Contains("t-base is", (string?)body["error"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Text_Body_Is415() => Assert.Equal(415, (await _server.Client.AskAsync("/", Http.Raw("hello"u8.ToArray(), "text/plain"))).Status);
}
