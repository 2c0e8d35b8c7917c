using System.Net;
using System.Text.Json.Nodes;
using Sightline.Generation;
using Sightline.Tests;
using Xunit;

namespace Sightline.Server.Tests;

public sealed class CaptionApiTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly TestServer _server = shared.Server;

    [Theory]
    [InlineData("image/png")]
    [InlineData("application/octet-stream")]
    [InlineData("application/x-www-form-urlencoded")] // what curl says of --data-binary
    [InlineData(null)]
    public async Task Raw_Picture_IsTheCaptionersCaption(string? type)
    {
        var expected = _server.Captioner.Describe(TestServer.Picture);
        var (status, body) = await _server.Client.AskAsync("/api/captions", Http.Raw(TestServer.Picture, type));
        Assert.Equal(200, status);
        Assert.Equal("t-base", (string?)body["model"]);
        var caption = Assert.Single(body["captions"]!.AsArray())!;
        Assert.Equal(expected.Text, (string?)caption["text"]);
        Assert.Equal("a yellow square", (string?)caption["text"]);
        Assert.Equal(expected.Score, (double)caption["score"]!, 6);
        Assert.Equal(expected.TokenIds, caption["tokens"]!.AsArray().Select(token => (int)token!["id"]!));
        Assert.Equal(expected.Text, string.Concat(caption["tokens"]!.AsArray().Select(token => (string?)token!["text"])));
        Assert.All(expected.Tokens.Zip(caption["tokens"]!.AsArray()), pair => Assert.Equal(pair.First.LogProbability, (float)pair.Second!["log_probability"]!, 1e-5f));
        Assert.Equal((96, 80), ((int)caption["width"]!, (int)caption["height"]!));
        Assert.Empty(caption["warnings"]!.AsArray());
        Assert.True((double)caption["timing"]!["model_ms"]! > 0);
    }

    [Fact]
    public async Task Query_BeamsAndCount_GivesAlternatives()
    {
        var expected = _server.Captioner.Describe(TestServer.Picture, new GenerationOptions { NumBeams = 4, NumReturnSequences = 3, MaxNewTokens = 6 });
        var (status, body) = await _server.Client.AskAsync("/api/captions?num_beams=4&num_return_sequences=3&max_new_tokens=6", Http.Raw(TestServer.Picture));
        Assert.Equal(200, status);
        var caption = body["captions"]![0]!;
        Assert.Equal(expected.Text, (string?)caption["text"]);
        Assert.Equal(expected.Alternatives.Select(other => other.Text), caption["alternatives"]!.AsArray().Select(other => (string?)other!["text"]));
        Assert.Equal(expected.Finish == FinishReason.Length ? "length" : "end", (string?)caption["finish"]);
    }

    [Fact]
    public async Task Form_ManyPictures_OneBadDoesNotSpoilTheRest()
    {
        using var form = Http.Form(("a.png", TestServer.Shape(0)), ("bad.png", TestServer.Picture[..150]), ("c.png", TestServer.Shape(1)));
        form.Add(new StringContent("2"), "num_beams");
        var (status, body) = await _server.Client.AskAsync("/api/captions", form);
        Assert.Equal(200, status);
        var captions = body["captions"]!.AsArray();
        Assert.Equal(["a.png", "bad.png", "c.png"], captions.Select(caption => (string?)caption!["image"]));
        var options = new GenerationOptions { NumBeams = 2 };
        Assert.Equal(_server.Captioner.Describe(TestServer.Shape(0), options).Text, (string?)captions[0]!["text"]);
        Assert.StartsWith("bad.png: ", (string?)captions[1]!["error"], StringComparison.Ordinal);
        Assert.Null(captions[1]!["text"]);
        Assert.Equal(_server.Captioner.Describe(TestServer.Shape(1), options).Text, (string?)captions[2]!["text"]);
        Assert.NotEqual((string?)captions[0]!["text"], (string?)captions[2]!["text"]);
    }

    [Fact]
    public async Task Warnings_CutOffAndPlainGrey_AreSaid()
    {
        var (_, cut) = await _server.Client.AskAsync("/api/captions?max_new_tokens=2", Http.Raw(TestServer.Picture));
        Assert.Contains("length limit", (string?)cut["captions"]![0]!["warnings"]![0], StringComparison.Ordinal);
        var (_, grey) = await _server.Client.AskAsync("/api/captions", Http.Raw(GreyBmp(), "image/bmp"));
        Assert.Contains("nearly one colour", (string?)grey["captions"]![0]!["warnings"]![0], StringComparison.Ordinal);
    }

    public static TheoryData<string, string?, int, string> Refused() => new()
    {
        { "?num_beam=4", "image/png", 400, "'num_beam'" },
        { "?penalty_alpha=0.5", "image/png", 400, "'penalty_alpha'" },
        { "?num_beams=0", "image/png", 400, "num_beams is 0" },
        { "?num_beams=four", "image/png", 400, "num_beams" },
        { "?num_beams=2&num_beams=3", "image/png", 400, "more than once" },
        { "?num_beams=17", "image/png", 400, "at most 16" },
        { "?num_beams=8&do_sample=true&num_return_sequences=8", "image/png", 400, "64 sequences" },
        { "?num_return_sequences=3", "image/png", 400, "num_return_sequences 3 is above num_beams 1" },
        { "?decoder_start_token_id=9999999", "image/png", 400, "outside the model's vocabulary" },
        { "", "text/plain", 415, "text/plain" },
        { "", "application/json", 415, "multipart/form-data" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Request_NotUsable_IsAProblemThatNamesIt(string query, string? type, int expected, string words)
    {
        using var response = await _server.Client.PostAsync($"/api/captions{query}", Http.Raw(TestServer.Picture, type));
        Assert.Equal(expected, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        var problem = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal(expected, (int)problem["status"]!);
        Assert.Contains(words, (string?)problem["detail"], StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", problem.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pictures_Damaged_Are400Each()
    {
        var folder = Fixture.Path("images");
        var damaged = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file).Contains("trunc", StringComparison.OrdinalIgnoreCase)).ToList();
        Assert.NotEmpty(damaged);
        byte[][] hostile = [.. damaged.Select(File.ReadAllBytes), [], "<svg/>"u8.ToArray(), TestServer.Picture[..^20]];
        foreach (var bytes in hostile)
        {
            var (status, body) = await _server.Client.AskAsync("/api/captions", Http.Raw(bytes));
            Assert.Equal(400, status);
            Assert.StartsWith("picture: ", (string?)body["detail"], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Path_IsNeverRead()
    {
        var path = Fixture.Path("images", "shapes", "shape0.png");
        foreach (var content in new[] { Http.Raw(System.Text.Encoding.UTF8.GetBytes(path)), Http.Raw(System.Text.Encoding.UTF8.GetBytes($"file://{path}")) })
        {
            var (status, _) = await _server.Client.AskAsync("/api/captions", content);
            Assert.Equal(400, status);
        }

        var (inputs, answer) = await _server.Client.AskAsync("/", Http.Json(new JsonObject { ["inputs"] = $"file://{path}" }));
        Assert.Equal(400, inputs);
        Assert.Contains("base64", (string?)answer["error"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Document_DescribesEveryApiWithExamples()
    {
        var document = JsonNode.Parse(await _server.Client.GetStringAsync("/openapi/v1.json"))!;
        string[] paths = ["/api/captions", "/", "/v1/chat/completions", "/v1/models"];
        Assert.All(paths, path => Assert.NotNull(document["paths"]![path]));
        Assert.NotNull(document["paths"]!["/api/captions"]!["post"]!["responses"]!["200"]!["content"]!["application/json"]!["example"]!["captions"]);
        Assert.NotNull(document["paths"]!["/v1/chat/completions"]!["post"]!["requestBody"]!["content"]!["application/json"]!["example"]!["messages"]);
    }

    [Fact]
    public async Task Unknown_Address_IsAProblem()
    {
        using var response = await _server.Client.GetAsync("/nothing");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
    }

    // 64 × 64 pixels of one grey, 24 bits.
    private static byte[] GreyBmp()
    {
        var bytes = new byte[54 + (64 * 64 * 3)];
        Array.Fill(bytes, (byte)0x80, 54, bytes.Length - 54);
        using var writer = new BinaryWriter(new MemoryStream(bytes));
        writer.Write("BM"u8);
        foreach (var value in new[] { bytes.Length, 0, 54, 40, 64, 64, 1 | (24 << 16), 0, 64 * 64 * 3, 2835, 2835, 0, 0 })
            writer.Write(value);
        return bytes;
    }
}
