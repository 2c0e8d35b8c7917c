using Microsoft.Extensions.DependencyInjection;
using Sightline.Generation;
using Sightline.Server.Captioning;
using Xunit;

namespace Sightline.Server.Tests;

public sealed class BatchingTests
{
    [Fact]
    public async Task Requests_AtOnce_ShareBatchesAndGetTheirOwnCaptions()
    {
        await using var server = await TestServer.StartAsync();
        var expected = Enumerable.Range(0, 3).Select(number => server.Captioner.Describe(TestServer.Shape(number)).Text).ToList();
        Assert.Equal(3, expected.Distinct().Count());
        var answers = await WhileModelIsHeldAsync(server, Enumerable.Range(0, 24).Select(i => server.Client.AskAsync("/api/captions", Http.Raw(TestServer.Shape(i % 3)))));
        Assert.All(answers.Select((answer, i) => (answer, i)), pair => Assert.Equal(expected[pair.i % 3], (string?)pair.answer.Body["captions"]![0]!["text"]));
        var sizes = answers.Select(answer => (int)answer.Body["captions"]![0]!["timing"]!["batch_size"]!).ToList();
        Assert.InRange(sizes.Max(), 2, 8); // batched, and within the limit
    }

    [Fact]
    public async Task Requests_OfOtherSettings_DoNotMix()
    {
        await using var server = await TestServer.StartAsync();
        var lengths = new[] { 2, 3, 4 };
        var expected = lengths.Select(length => server.Captioner.Describe(TestServer.Picture, new GenerationOptions { MaxNewTokens = length }).Text).ToList();
        var answers = await WhileModelIsHeldAsync(server, Enumerable.Range(0, 12).Select(i => server.Client.AskAsync($"/api/captions?max_new_tokens={lengths[i % 3]}", Http.Raw(TestServer.Picture))));
        Assert.All(answers.Select((answer, i) => (answer, i)), pair => Assert.Equal(expected[pair.i % 3], (string?)pair.answer.Body["captions"]![0]!["text"]));
        Assert.Contains(answers, answer => (int)answer.Body["captions"]![0]!["timing"]!["batch_size"]! > 1);
    }

    [Fact]
    public async Task Client_ThatLeaves_EndsItsRowsAndNotTheOthers()
    {
        await using var server = await TestServer.StartAsync();
        var (gatherer, captions) = (server.App.Services.GetRequiredService<BatchGatherer>(), server.App.Services.GetRequiredService<CaptionService>());
        var request = captions.Check(new CaptionRequest(new GenerationOptions()));
        var image = server.Captioner.Prepare(TestServer.Picture);
        using var leaving = new CancellationTokenSource();
        var tokens = new LeavingWriter(leaving);
        var leaver = new CaptionJob(image, request, 0, tokens, leaving.Token);
        var stayer = new CaptionJob(image, request, 0, null, CancellationToken.None);
        using (await HeldModel.HoldAsync(server))
        {
            gatherer.Add(leaver);
            gatherer.Add(stayer);
        }

        var result = await stayer.Result.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal((2, "a yellow square"), (result.Timing.BatchSize, result.Caption.Text));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaver.Result);
        Assert.Equal(1, tokens.Count); // left after the first token: no second one was made for it
    }

    [Fact]
    public async Task Shutdown_FinishesWhatIsUnderWay()
    {
        await using var server = await TestServer.StartAsync();
        var held = await HeldModel.HoldAsync(server);
        var answers = Enumerable.Range(0, 4).Select(_ => server.Client.AskAsync("/api/captions", Http.Raw(TestServer.Picture))).ToList();
        WaitUntilAdmitted(server, 4);
        var stopping = server.App.StopAsync();
        held.Dispose();
        await stopping;
        Assert.All(await Task.WhenAll(answers), answer => Assert.Equal(200, answer.Status));
        await Assert.ThrowsAsync<HttpRequestException>(() => server.Client.GetAsync("/health/live"));
    }

    [Fact]
    public async Task Model_NotLoaded_IsSaidInEachFormat()
    {
        await using var server = await TestServer.StartLoadingAsync(builder =>
        {
            // Without the worker the model stays as it is while it loads.
            var worker = builder.Services.Single(service => service.ImplementationType == typeof(BatchWorker));
            builder.Services.Remove(worker);
        });
        Assert.Equal(503, (int)(await server.Client.GetAsync("/health/ready")).StatusCode);
        using var response = await server.Client.PostAsync("/", Http.Raw(TestServer.Picture));
        Assert.Equal(503, (int)response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
        var body = System.Text.Json.Nodes.JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.True((double)body["estimated_time"]! > 0);
        Assert.Equal(503, (await server.Client.AskAsync("/api/captions", Http.Raw(TestServer.Picture))).Status);
        Assert.Equal("model_loading", (string?)(await server.Client.AskAsync("/v1/chat/completions", Http.Json(Http.Chat(TestServer.Picture)))).Body["error"]!["code"]);
    }

    private static async Task<T[]> WhileModelIsHeldAsync<T>(TestServer server, IEnumerable<Task<T>> requests)
    {
        List<Task<T>> started;
        using (await HeldModel.HoldAsync(server))
        {
            started = [.. requests];
            WaitUntilAdmitted(server, started.Count);
        }

        return await Task.WhenAll(started);
    }

    private static void WaitUntilAdmitted(TestServer server, int count)
    {
        var admission = server.App.Services.GetRequiredService<Admission>();
        Assert.True(SpinWait.SpinUntil(() => admission.Count == count, TimeSpan.FromSeconds(20)), $"{admission.Count} of {count} are admitted");
    }

    private sealed class LeavingWriter(CancellationTokenSource leaving) : System.Threading.Channels.ChannelWriter<StreamedToken>
    {
        public int Count { get; private set; }

        public override bool TryWrite(StreamedToken item)
        {
            Count++;
            leaving.Cancel();
            return true;
        }

        public override ValueTask<bool> WaitToWriteAsync(CancellationToken cancellationToken = default) => ValueTask.FromResult(true);
    }
}
