using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Sightline.Hub;
using Sightline.Server.Captioning;
using Sightline.Tests;
using Xunit;

namespace Sightline.Server.Tests;

public sealed class LimitsTests
{
    [Theory]
    [InlineData("/api/captions")]
    [InlineData("/")]
    [InlineData("/v1/chat/completions")]
    public async Task Body_TooLarge_Is413(string path)
    {
        await using var server = await TestServer.StartAsync("MaxBodyBytes=100000");
        var (status, body) = await server.Client.AskAsync(path, Http.Raw(new byte[200_000], path.Contains("chat", StringComparison.Ordinal) ? "application/json" : "image/png"));
        Assert.Equal(413, status);
        Assert.Contains("too large", body.ToJsonString(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(413, (await server.Client.AskAsync("/api/captions", Http.Form(("a.png", new byte[200_000])))).Status);
        Assert.Equal(200, (await server.Client.AskAsync("/api/captions", Http.Raw(TestServer.Picture))).Status);
    }

    [Theory]
    [InlineData("/api/captions", "image/png", 413)]
    [InlineData("/v1/chat/completions", "application/json", 413)]
    [InlineData("/api/captions", "text/plain", 415)]
    [InlineData("/no/such/address", "image/png", 404)]
    public async Task Body_TooLarge_SentWholeBeforeReading_StillGetsTheAnswer(string path, string type, int expected)
    {
        await using var server = await TestServer.StartAsync("MaxBodyBytes=100000");
        const int Length = 50_000_000;
        using var client = await PostAsync(server, path, Length, type);
        await SendAsync(client, Length); // many clients read nothing before all is sent, and report a broken pipe as that
        Assert.StartsWith($"HTTP/1.1 {expected}", await ReadLineAsync(client), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_WithoutEnd_IsCutOff()
    {
        await using var server = await TestServer.StartAsync("MaxBodyBytes=100000");
        using var client = await PostAsync(server, "/api/captions", long.MaxValue, "image/png");
        await Assert.ThrowsAsync<IOException>(() => SendAsync(client, 200_000_000));
    }

    [Fact]
    public async Task Body_TooLargeAndSlow_EndsTheConnection()
    {
        await using var server = await TestServer.StartAsync("MaxBodyBytes=100000");
        var clock = Stopwatch.StartNew();
        using var client = await PostAsync(server, "/api/captions", 200_000, "image/png");
        Assert.StartsWith("HTTP/1.1 413", await ReadLineAsync(client), StringComparison.Ordinal);
        await Assert.ThrowsAsync<IOException>(() => ReadToEndAsync(client)); // reset, as nothing else ends it for both sides
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Pixels_TooMany_Are400()
    {
        await using var server = await TestServer.StartAsync("MaxPixels=7679"); // the picture has 96 × 80
        var (status, body) = await server.Client.AskAsync("/api/captions", Http.Raw(TestServer.Picture));
        Assert.Equal(400, status);
        Assert.Contains("7679", (string?)body["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pictures_TooManyOfARequest_Are400()
    {
        await using var server = await TestServer.StartAsync("MaxImagesPerRequest=2");
        var (status, body) = await server.Client.AskAsync("/api/captions", Http.Form(("a", TestServer.Picture), ("b", TestServer.Picture), ("c", TestServer.Picture)));
        Assert.Equal(400, status);
        Assert.Contains("at most 2", (string?)body["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Queue_Full_Is429WithRetryAfter_AndServesAgainLater()
    {
        await using var server = await TestServer.StartAsync("MaxQueue=2", "MaxImagesPerRequest=2");
        using (server.App.Services.GetRequiredService<Admission>().Admit(1))
        {
            using var response = await server.Client.PostAsync("/api/captions", Http.Form(("a", TestServer.Picture), ("b", TestServer.Picture)));
            Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
            Assert.True(response.Headers.RetryAfter!.Delta >= TimeSpan.FromSeconds(1));
            Assert.Equal(200, (await server.Client.AskAsync("/api/captions", Http.Raw(TestServer.Picture))).Status); // one place is left
        }

        Assert.Equal(200, (await server.Client.AskAsync("/api/captions", Http.Form(("a", TestServer.Picture), ("b", TestServer.Picture)))).Status);
        Assert.Equal(0, server.App.Services.GetRequiredService<Admission>().Count);
    }

    [Fact]
    public async Task Requests_TooMany_Are429InTheFormatOfTheApi()
    {
        await using var server = await TestServer.StartAsync("MaxRequests=1");
        using var slow = await SlowPostAsync(server, "/api/captions");
        await Task.Delay(1000, TestContext.Current.CancellationToken); // it must hold the one place before the other asks for it
        using var response = await RetryAsync(() => server.Client.PostAsync("/v1/chat/completions", Http.Json(Http.Chat(TestServer.Picture))), HttpStatusCode.TooManyRequests);
        Assert.Equal("rate_limit_error", (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["type"]);
        Assert.NotNull(response.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.OK, (await server.Client.GetAsync("/health/ready")).StatusCode);
    }

    [Fact]
    public async Task Upload_TooSlow_Is408()
    {
        await using var server = await TestServer.StartAsync("UploadSeconds=0.5");
        using var slow = await SlowPostAsync(server, "/api/captions");
        var clock = Stopwatch.StartNew();
        var answer = await ReadToEndAsync(slow);
        Assert.StartsWith("HTTP/1.1 408", answer, StringComparison.Ordinal);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Headers_TooSlow_EndTheConnection()
    {
        await using var server = await TestServer.StartAsync("UploadSeconds=0.5");
        using var client = new TcpClient();
        await client.ConnectAsync(server.Address.Host, server.Address.Port);
        await client.GetStream().WriteAsync("POST /api/captions HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow:"u8.ToArray());
        Assert.StartsWith("HTTP/1.1 408", await ReadToEndAsync(client), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_ThatLeaves_FreesItsPlace()
    {
        await using var server = await TestServer.StartAsync("MaxQueue=16", "MaxBatch=1");
        var admission = server.App.Services.GetRequiredService<Admission>();
        for (var round = 0; round < 40; round++)
        {
            using var leaving = new CancellationTokenSource(TimeSpan.FromMilliseconds(round));
            try
            {
                using var response = await server.Client.PostAsync("/api/captions?num_beams=8&max_new_tokens=60&min_length=60", Http.Raw(TestServer.Picture), leaving.Token);
            }
            catch (OperationCanceledException)
            {
            }
        }

        var (status, _) = await server.Client.AskAsync("/api/captions", Http.Raw(TestServer.Picture));
        Assert.Equal(200, status);
        Assert.True(SpinWait.SpinUntil(() => admission.Count == 0, TimeSpan.FromSeconds(20)), $"{admission.Count} pictures are still counted");
    }

    [Fact]
    public async Task Model_NotNamed_IsThatOfTheEnvironment()
    {
        var (exitCode, error) = await RunAsync("no/such/model");
        Assert.Equal((2, "sightline-server: --model is 'no/such/model', where no config.json is; a checkpoint folder, or owner/name of the hub, was expected.\n"), (exitCode, error));
    }

    [Fact]
    public async Task Model_ThatCannotBeLoaded_EndsTheServerWithItsReason()
    {
        var (exitCode, error) = await RunAsync(Fixture.Path("checkpoints", "t-fullvocab")); // fails at once, maybe before the server listens
        Assert.Equal(1, exitCode);
        Assert.Contains("The model cannot be loaded: ", error, StringComparison.Ordinal);
        Assert.Contains("no tokenizer", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal); // no stack trace
    }

    [Fact]
    public async Task Stop_BeforeTheServerListens_IsNoFailure()
    {
        var settings = new Dictionary<string, string?> { ["Sightline:Model"] = Fixture.Path("checkpoints", "t-base"), ["Sightline:Urls"] = "http://127.0.0.1:0" };
        Assert.Equal(0, await Configuration.ServerCommandLine.ServeAsync(settings, new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task Options_AllFaultsAreNamedAtStart()
    {
        var error = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => TestServer.StartAsync(
            "Model=/no/such/folder", "Urls=http://0.0.0.0:0", "MaxBatch=0", "DraftTokens=8", "MaxQueue=1", "MaxBodyBytes=5", "HuggingFaceFormat=xml", "DType=fp64", "TimeoutSeconds=0", "ApiKeys=short", "AllowedOrigins=example.org"));
        string[] names = ["--model", "--urls", "--max-batch", "--draft-tokens", "--max-queue", "--max-body-bytes", "--hugging-face-format", "--dtype is 'fp64'; auto, fp32, bf16, int8 or int4 was expected", "--timeout-seconds", "an API key", "--allowed-origins"];
        Assert.All(names, name => Assert.Contains(error.Failures, failure => failure.StartsWith(name, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("http://0.0.0.0:0", false)]
    [InlineData("http://*:0", false)]
    [InlineData("http://[::]:0", false)]
    [InlineData("http://captions.example.org:0", false)]
    [InlineData("http://localhost:8080", true)]
    [InlineData("http://192.168.1.7:8080", true)]
    public void Urls_BeyondThisMachine_NeedAllowedHosts(string urls, bool valid)
    {
        var options = new Configuration.ServerOptions { Model = Fixture.Path("checkpoints", "t-base"), Urls = urls };
        Assert.Equal(valid, new Configuration.ServerOptionsValidation().Validate(null, options).Succeeded);
        Assert.True(new Configuration.ServerOptionsValidation().Validate(null, options with { AllowedHosts = "captions.example.org" }).Succeeded);
    }

    // Runs the command with SIGHTLINE_MODEL until it ends.
    private static async Task<(int ExitCode, string Error)> RunAsync(string model)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "sightline-server.dll"), "--urls", "http://127.0.0.1:0"])
        {
            RedirectStandardError = true,
            Environment = { [ModelSource.Variable] = model },
        };
        using var process = Process.Start(start)!;
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, error.ReplaceLineEndings("\n"));
    }

    // Declares a body and sends a part of it.
    private static async Task<TcpClient> SlowPostAsync(TestServer server, string path)
    {
        var client = await PostAsync(server, path, 5000, "image/png");
        await client.GetStream().WriteAsync("abc"u8.ToArray());
        return client;
    }

    // Sends the headers.
    private static async Task<TcpClient> PostAsync(TestServer server, string path, long length, string type)
    {
        var client = new TcpClient();
        await client.ConnectAsync(server.Address.Host, server.Address.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {type}\r\nContent-Length: {length}\r\n\r\n"));
        return client;
    }

    private static async Task SendAsync(TcpClient client, int length)
    {
        var block = new byte[100_000];
        for (var sent = 0; sent < length; sent += block.Length)
            await client.GetStream().WriteAsync(block.AsMemory(0, Math.Min(block.Length, length - sent)));
    }

    private static async Task<string?> ReadLineAsync(TcpClient client)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var reader = new StreamReader(client.GetStream(), leaveOpen: true);
        return await reader.ReadLineAsync(patience.Token);
    }

    private static async Task<string> ReadToEndAsync(TcpClient client)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadToEndAsync(patience.Token);
    }

    // The slow request may not have arrived yet.
    private static async Task<HttpResponseMessage> RetryAsync(Func<Task<HttpResponseMessage>> ask, HttpStatusCode wanted)
    {
        for (var attempt = 0; ; attempt++)
        {
            var response = await ask();
            if (response.StatusCode == wanted || attempt == 50)
            {
                Assert.Equal(wanted, response.StatusCode);
                return response;
            }

            response.Dispose();
            await Task.Delay(100);
        }
    }
}
