using System.Text.Json.Nodes;
using Sightline.Generation;
using Xunit;

namespace Sightline.Server.Tests;

public sealed class ChatCompletionsTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string Path = "/v1/chat/completions";
    private readonly TestServer _server = shared.Server;

    [Fact]
    public async Task Completion_IsTheCaption()
    {
        var expected = _server.Captioner.Describe(TestServer.Picture);
        var (status, body) = await _server.Client.AskAsync(Path, Http.Json(Http.Chat(TestServer.Picture, """{"logprobs":true,"top_logprobs":3}""")));
        Assert.Equal(200, status);
        var choice = Assert.Single(body["choices"]!.AsArray())!;
        Assert.Equal(("assistant", expected.Text, "stop"), ((string?)choice["message"]!["role"], (string?)choice["message"]!["content"], (string?)choice["finish_reason"]));
        var tokens = choice["logprobs"]!["content"]!.AsArray();
        Assert.Equal(expected.Tokens.Count - 1, tokens.Count); // without the end token
        Assert.Equal(expected.Text, string.Concat(tokens.Select(token => (string?)token!["token"])));
        for (var i = 0; i < tokens.Count; i++)
        {
            var top = tokens[i]!["top_logprobs"]!.AsArray();
            Assert.Equal(3, top.Count);
            Assert.Equal((string?)tokens[i]!["token"], (string?)top[0]!["token"]); // greedy: the chosen token is the likeliest
            Assert.Equal(expected.Tokens[i].LogProbability, (float)tokens[i]!["logprob"]!, 1e-5f);
            Assert.Equal(expected.Tokens[i].LogProbability, (float)top[0]!["logprob"]!, 1e-4f);
            Assert.True((float)top[0]!["logprob"]! >= (float)top[1]!["logprob"]! && (float)top[1]!["logprob"]! >= (float)top[2]!["logprob"]!);
        }

        Assert.Equal((int)body["usage"]!["total_tokens"]!, (int)body["usage"]!["prompt_tokens"]! + expected.Tokens.Count);
        Assert.Contains("was not read", body["warnings"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Choices_WithoutTemperature_AreTheBestBeams()
    {
        var best = _server.Captioner.Describe(TestServer.Picture, new GenerationOptions { NumBeams = 3, NumReturnSequences = 3 });
        var (_, body) = await _server.Client.AskAsync(Path, Http.Json(Http.Chat(TestServer.Picture, """{"n":3}""")));
        Assert.Equal([best.Text, .. best.Alternatives.Select(other => other.Text)], body["choices"]!.AsArray().Select(choice => (string?)choice!["message"]!["content"]!));
    }

    [Fact]
    public async Task Seed_Sampling_Repeats()
    {
        async Task<string> Sample(int seed) => (await _server.Client.AskAsync(Path, Http.Json(Http.Chat(TestServer.Picture, $$"""{"temperature":1.5,"seed":{{seed}},"n":2}""")))).Body["choices"]!.ToJsonString();
        Assert.Equal(await Sample(5), await Sample(5));
        var others = new HashSet<string>();
        for (var seed = 0; seed < 6; seed++)
            others.Add(await Sample(seed));
        Assert.True(others.Count > 1, "six seeds gave the same captions: is nothing sampled?");
    }

    [Theory]
    [InlineData("""{"stream":true}""", 5)]
    [InlineData("""{"stream":true,"n":2,"temperature":1.2,"seed":4}""", 8)]
    [InlineData("""{"stream":true,"n":2}""", 2)]
    [InlineData("""{"stream":true,"logprobs":true}""", 1)]
    public async Task Stream_Joined_IsTheCompletion(string settings, int leastPieces)
    {
        var whole = JsonNode.Parse(settings)!.AsObject();
        whole["stream"] = false;
        var (_, expected) = await _server.Client.AskAsync(Path, Http.Json(Http.Chat(TestServer.Picture, whole.ToJsonString())));
        var streamed = JsonNode.Parse(settings)!.AsObject();
        streamed["stream_options"] = new JsonObject { ["include_usage"] = true };
        using var response = await _server.Client.PostAsync(Path, Http.Json(Http.Chat(TestServer.Picture, streamed.ToJsonString())));
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        var events = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.All(events, line => Assert.StartsWith("data: ", line, StringComparison.Ordinal));
        Assert.Equal("data: [DONE]", events[^1]);
        var chunks = events[..^1].Select(line => JsonNode.Parse(line[6..])!).ToList();
        Assert.Equal(expected["usage"]!.ToJsonString(), chunks[^1]["usage"]!.ToJsonString());
        var choices = chunks.SelectMany(chunk => chunk["choices"]!.AsArray()).ToList();
        foreach (var choice in expected["choices"]!.AsArray())
        {
            var own = choices.Where(piece => (int)piece!["index"]! == (int)choice!["index"]!).ToList();
            Assert.Equal((string?)choice!["message"]!["content"], string.Concat(own.Select(piece => (string?)piece!["delta"]!["content"])));
            Assert.Equal((string?)choice["finish_reason"], (string?)own[^1]!["finish_reason"]);
            Assert.Equal("assistant", (string?)own[0]!["delta"]!["role"]);
            Assert.Equal(choice["logprobs"]?.ToJsonString(), own.Select(piece => piece!["logprobs"]).FirstOrDefault(logprobs => logprobs is not null)?.ToJsonString());
        }

        Assert.True(choices.Count(piece => ((string?)piece!["delta"]!["content"])?.Length > 0) >= leastPieces);
    }

    public static TheoryData<string, int, string?, string> Refused() => new()
    {
        { """{"tools":[]}""", 400, "tools", "unsupported_parameter" },
        { """{"stop":["."]}""", 400, "stop", "unsupported_parameter" },
        { """{"presence_penalty":1}""", 400, "presence_penalty", "unsupported_parameter" },
        { """{"response_format":{"type":"json_object"}}""", 400, "response_format", "unsupported_parameter" },
        { """{"penalty_alpha":0.5}""", 400, "penalty_alpha", "unsupported_parameter" },
        { """{"stream_options":{"x":1}}""", 400, "stream_options.x", "unsupported_parameter" },
        { """{"num_return_sequences":2}""", 400, "num_return_sequences", "unsupported_parameter" },
        { """{"top_logprobs":2}""", 400, "top_logprobs", "invalid_value" },
        { """{"logprobs":true,"top_logprobs":2,"n":2}""", 400, "top_logprobs", "invalid_value" },
        { """{"n":0}""", 400, "n", "invalid_value" },
        { """{"temperature":"hot"}""", 400, "temperature", "invalid_value" },
        { """{"max_tokens":1.5}""", 400, "max_tokens", "invalid_value" },
        { """{"num_beams":0}""", 400, null, "invalid_value" },
        { """{"model":"gpt"}""", 404, "model", "model_not_found" },
        { """{"messages":[]}""", 400, "messages", "invalid_value" },
        { """{"messages":[{"role":"user","content":"hello"}]}""", 400, "messages", "invalid_value" },
        { """{"messages":[{"role":"tool","content":"hello"}]}""", 400, "messages[0].role", "invalid_value" },
        { """{"messages":[{"role":"user","content":[{"type":"audio"}]}]}""", 400, "messages[0].content[0].type", "invalid_value" },
        { """{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://127.0.0.1:1/a.png"}}]}]}""", 400, "image_url", "invalid_value" },
        { """{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"/etc/passwd"}}]}]}""", 400, "image_url", "invalid_value" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Request_NotUsable_NamesTheParameter(string settings, int expected, string? parameter, string code)
    {
        foreach (var stream in new[] { false, true })
        {
            var request = Http.Chat(TestServer.Picture, settings);
            request["stream"] = stream;
            var (status, body) = await _server.Client.AskAsync(Path, Http.Json(request));
            Assert.Equal(expected, status);
            Assert.Equal((parameter, code, "invalid_request_error"), ((string?)body["error"]!["param"], (string?)body["error"]!["code"], (string?)body["error"]!["type"]));
        }
    }

    [Fact]
    public async Task Models_ListTheOne()
    {
        var list = JsonNode.Parse(await _server.Client.GetStringAsync("/v1/models"))!;
        Assert.Equal("t-base", (string?)Assert.Single(list["data"]!.AsArray())!["id"]);
        Assert.Equal("t-base", (string?)JsonNode.Parse(await _server.Client.GetStringAsync("/v1/models/t-base"))!["id"]);
        using var response = await _server.Client.GetAsync("/v1/models/other");
        Assert.Equal("model_not_found", (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["code"]);
    }
}
