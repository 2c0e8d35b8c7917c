using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Sightline.Generation;
using Sightline.Tests;
using Xunit;

namespace Sightline.Extensions.AI.Tests;

public sealed class SightlineChatClientTests : IDisposable
{
    private static readonly string s_model = Fixture.Path("checkpoints", "t-base");
    private static readonly string s_picture = Fixture.Path("images", "shapes", "shape0.png");

    private readonly ServiceProvider _services = new ServiceCollection().AddSightline(s_model).BuildServiceProvider();

    private IChatClient Client => _services.GetRequiredService<IChatClient>();

    private Captioner Captioner => _services.GetRequiredService<Captioner>();

    public void Dispose() => _services.Dispose();

    [Fact]
    public async Task Response_IsTheCaptionWithScoreAndTokens()
    {
        var expected = Captioner.Describe(s_picture);
        var response = await Client.GetResponseAsync(Ask(s_picture), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(expected.Text, response.Text);
        Assert.Equal("a yellow square", response.Text);
        Assert.Equal(expected.Score, response.AdditionalProperties![SightlineChatClient.ScoreKey]);
        Assert.Equal(expected.Tokens, Assert.IsAssignableFrom<IReadOnlyList<CaptionToken>>(response.AdditionalProperties[SightlineChatClient.TokensKey]));
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Equal("t-base", response.ModelId);
    }

    [Fact]
    public async Task Response_OtherPicture_IsAnotherCaption()
    {
        var one = await Client.GetResponseAsync(Ask(s_picture), cancellationToken: TestContext.Current.CancellationToken);
        var other = await Client.GetResponseAsync(Ask(Fixture.Path("images", "shapes", "shape1.png")), cancellationToken: TestContext.Current.CancellationToken);
        Assert.NotEqual(one.Text, other.Text);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Stream_Joined_IsTheResponse(int beams)
    {
        var options = new ChatOptions { AdditionalProperties = new() { ["num_beams"] = beams } };
        var whole = await Client.GetResponseAsync(Ask(s_picture), options, TestContext.Current.CancellationToken);
        var pieces = new List<string>();
        await foreach (var update in Client.GetStreamingResponseAsync(Ask(s_picture), options, TestContext.Current.CancellationToken))
            pieces.Add(update.Text);
        Assert.Equal(whole.Text, string.Concat(pieces));
        Assert.Equal(beams == 1, pieces.Count > 3);
    }

    [Fact]
    public async Task Options_LengthAndBeams_Count()
    {
        var options = new ChatOptions { MaxOutputTokens = 3, AdditionalProperties = new() { ["num_beams"] = 4, ["num_return_sequences"] = 2 } };
        var expected = Captioner.Describe(s_picture, new GenerationOptions { MaxNewTokens = 3, NumBeams = 4, NumReturnSequences = 2 });
        var response = await Client.GetResponseAsync(Ask(s_picture), options, TestContext.Current.CancellationToken);
        Assert.Equal(expected.Text, response.Text);
        Assert.Equal(ChatFinishReason.Length, response.FinishReason);
        var alternatives = Assert.IsAssignableFrom<IReadOnlyList<Caption>>(response.AdditionalProperties![SightlineChatClient.AlternativesKey]);
        Assert.Equal(expected.Alternatives[0].Text, Assert.Single(alternatives).Text);
    }

    [Fact]
    public async Task Options_Seed_RepeatsASample()
    {
        var options = new ChatOptions { Temperature = 1.5f, Seed = 11 };
        var first = await Client.GetResponseAsync(Ask(s_picture), options, TestContext.Current.CancellationToken);
        var second = await Client.GetResponseAsync(Ask(s_picture), options, TestContext.Current.CancellationToken);
        Assert.Equal(first.Text, second.Text);
        var others = new HashSet<string>();
        for (var seed = 0; seed < 8; seed++)
            others.Add((await Client.GetResponseAsync(Ask(s_picture), new ChatOptions { Temperature = 1.5f, Seed = seed }, TestContext.Current.CancellationToken)).Text);
        Assert.True(others.Count > 1, "eight seeds gave the same caption: is nothing sampled?");
    }

    public static TheoryData<ChatMessage, ChatOptions?, string> Refused() => new()
    {
        { new ChatMessage(ChatRole.User, "What is this?"), null, "no picture" },
        { new ChatMessage(ChatRole.User, [Picture(s_picture), Picture(s_picture)]), null, "2 pictures" },
        { new ChatMessage(ChatRole.User, [new UriContent("https://example.org/a.jpg", "image/jpeg")]), null, "nothing is fetched" },
        { new ChatMessage(ChatRole.User, [new DataContent(new byte[3], "audio/wav")]), null, "audio/wav" },
        { new ChatMessage(ChatRole.User, [Picture(s_picture)]), new ChatOptions { StopSequences = ["."], FrequencyPenalty = 1 }, "FrequencyPenalty, StopSequences" },
        { new ChatMessage(ChatRole.User, [Picture(s_picture)]), new ChatOptions { AdditionalProperties = new() { ["penalty_alpha"] = 0.5 } }, "penalty_alpha" },
    };

    [Theory]
    [MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public async Task Request_NotSupported_IsNamed(ChatMessage message, ChatOptions? options, string expected)
    {
        var error = await Assert.ThrowsAsync<ConfigurationException>(() => Client.GetResponseAsync([message], options, TestContext.Current.CancellationToken));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Picture_Damaged_IsADecodeError() =>
        await Assert.ThrowsAsync<ImageDecodeException>(() => Client.GetResponseAsync([new ChatMessage(ChatRole.User, [new DataContent("no picture"u8.ToArray(), "image/png")])], cancellationToken: TestContext.Current.CancellationToken));

    [Fact]
    public async Task Cancelled_Throws()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Client.GetResponseAsync(Ask(s_picture), cancellationToken: cancelled.Token));
    }

    [Fact]
    public void Services_AreSingleAndReachable()
    {
        Assert.Same(Client, _services.GetRequiredService<IChatClient>());
        Assert.Same(Captioner, Client.GetService(typeof(Captioner)));
        Assert.Equal("sightline", Assert.IsType<ChatClientMetadata>(Client.GetService(typeof(ChatClientMetadata))).ProviderName);
        Assert.Null(Client.GetService(typeof(string)));
        Assert.Throws<ConfigurationException>(() => new ServiceCollection().AddSightline(s_model, new CaptionerOptions { BatchSize = 0 }));
    }

    private static ChatMessage[] Ask(string path) => [new(ChatRole.User, [new TextContent("What is in this picture?"), Picture(path)])];

    private static DataContent Picture(string path) => new(File.ReadAllBytes(path), "image/png");
}
