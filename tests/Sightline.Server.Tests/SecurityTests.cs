using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using Sightline.Server.Configuration;
using Sightline.Server.Errors;
using Sightline.Server.Security;
using Sightline.Tests;
using Xunit;

namespace Sightline.Server.Tests;

public sealed partial class SecurityTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string Key = "a-key-that-is-long-enough";
    private readonly TestServer _server = shared.Server;

    [Theory]
    [InlineData("evil.example", 400)]
    [InlineData("evil.example:80", 400)]
    [InlineData("127.0.0.1", 200)]
    [InlineData("localhost:1234", 200)]
    public async Task Host_OfAnotherName_IsRefused(string host, int expected)
    {
        foreach (var path in new[] { "/", "/v1/models", "/health/live" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Host = host } };
            using var response = await _server.Client.SendAsync(request);
            Assert.Equal(expected, (int)response.StatusCode);
        }
    }

    [Theory]
    [InlineData("http://evil.example", 403)]
    [InlineData("null", 403)]
    [InlineData("http://friend.example", 200)]
    public async Task Origin_OfAnotherPage_IsRefusedUnlessAllowed(string origin, int expected)
    {
        await using var server = await TestServer.StartAsync("AllowedOrigins=http://friend.example");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/captions") { Content = Http.Raw(TestServer.Picture), Headers = { { "Origin", origin } } };
        using var response = await server.Client.SendAsync(request);
        Assert.Equal(expected, (int)response.StatusCode);
        Assert.Equal(expected == 200, response.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Cors_ByDefault_IsClosed()
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, "/api/captions") { Headers = { { "Origin", "http://evil.example" }, { "Access-Control-Request-Method", "POST" } } };
        using var response = await _server.Client.SendAsync(request);
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Key_WhereNeeded_OpensTheApis()
    {
        await using var server = await TestServer.StartAsync($"ApiKeys={Key} another-key-of-enough-length");
        foreach (var path in new[] { "/api/captions", "/", "/v1/chat/completions" })
            Assert.Equal(401, (int)(await server.Client.PostAsync(path, Http.Raw(TestServer.Picture))).StatusCode);
        Assert.Equal(401, (int)(await server.Client.GetAsync("/metrics")).StatusCode);
        Assert.Equal(200, (int)(await server.Client.GetAsync("/")).StatusCode);
        Assert.Equal(200, (int)(await server.Client.GetAsync("/health/ready")).StatusCode);
        var (_, chat) = await server.Client.AskAsync("/v1/chat/completions", Http.Json("{}"));
        Assert.Equal("authentication_error", (string?)chat["error"]!["type"]);
        server.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "wrong-key-of-enough-length");
        Assert.Equal(401, (await server.Client.AskAsync("/", Http.Raw(TestServer.Picture))).Status);
        server.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        Assert.Equal(200, (await server.Client.AskAsync("/", Http.Raw(TestServer.Picture))).Status);
    }

    [Fact]
    public async Task Form_WithItsToken_IsServedWithoutJavaScript()
    {
        using var handler = new HttpClientHandler { CookieContainer = new CookieContainer() };
        using var client = new HttpClient(handler) { BaseAddress = _server.Address };
        var page = await client.GetStringAsync("/");
        using var form = Http.Form(("<b>.png", TestServer.Picture), ("bad.png", "no picture"u8.ToArray()));
        form.Add(new StringContent(Token().Match(page).Groups[1].Value), "__RequestVerificationToken");
        form.Add(new StringContent("3"), "num_beams");
        form.Add(new StringContent(""), "max_new_tokens");
        form.Add(new StringContent("2"), "num_return_sequences");
        using var response = await client.PostAsync("/describe", form);
        var html = await response.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("AI description:</span> ", html, StringComparison.Ordinal);
        Assert.Contains("<h3>&lt;b&gt;.png</h3>", html, StringComparison.Ordinal);
        Assert.Contains("bad.png: not a picture", html, StringComparison.Ordinal);
        Assert.Contains("Other descriptions:", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Form_WithoutItsToken_IsRefusedOnThePage()
    {
        using var response = await _server.Client.PostAsync("/describe", Http.Form(("a.png", TestServer.Picture)));
        var html = await response.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("role=\"alert\">The form is too old", html, StringComparison.Ordinal);
        Assert.DoesNotContain("yellow", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_IsSelfContainedAndAllowsOnlyItself()
    {
        using var response = await _server.Client.GetAsync("/");
        var html = await response.Content.ReadAsStringAsync();
        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("{{", html, StringComparison.Ordinal);
        Assert.DoesNotMatch("(src|href)=\"https?:", html);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
    }

    [Fact]
    public async Task Log_HoldsNoContent()
    {
        await using var server = await TestServer.StartAsync();
        await server.Client.AskAsync("/api/captions", Http.Form(("secret-name.png", TestServer.Picture)));
        await server.Client.AskAsync("/api/captions?seed=987654", Http.Raw(TestServer.Picture));
        await server.Client.AskAsync("/", Http.Raw("secret"u8.ToArray()));
        Assert.Contains(server.Log.Lines, line => line.Contains("POST /api/captions 200", StringComparison.Ordinal));
        Assert.Contains(server.Log.Lines, line => line.Contains("POST / 400", StringComparison.Ordinal));
        Assert.DoesNotContain(server.Log.Lines, line => line.StartsWith("Info", StringComparison.Ordinal) && (line.Contains("secret", StringComparison.Ordinal) || line.Contains("yellow", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Metrics_CountWithoutContent()
    {
        await using var server = await TestServer.StartAsync();
        await server.Client.AskAsync("/api/captions", Http.Raw(TestServer.Picture));
        await server.Client.AskAsync("/api/captions", Http.Raw("no"u8.ToArray()));
        var text = await server.Client.GetStringAsync("/metrics");
        string[] names = ["sightline_images_total", "sightline_batch_size", "sightline_stage_duration_seconds", "sightline_queue_length", "sightline_rejections_total", "http_server_request_duration"];
        Assert.All(names, name => Assert.Contains(name, text, StringComparison.Ordinal));
        // At least one: a meter is heard by its name, and the tests beside this one run servers in the same process.
        Assert.Matches("sightline_images_total\\{[^}]*outcome=\"captioned\"[^}]*\\} [1-9]", text);
        Assert.Matches("sightline_images_total\\{[^}]*outcome=\"undecodable\"[^}]*\\} [1-9]", text);
    }

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("2606:4700::1111", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("172.16.0.1", false)]
    [InlineData("172.32.0.1", true)]
    [InlineData("192.168.0.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::1", false)]
    [InlineData("::", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("::ffff:8.8.8.8", true)]
    [InlineData("64:ff9b::7f00:1", false)]
    [InlineData("2002:7f00:1::", false)]
    [InlineData("2001:0:7f00:1::", false)]
    [InlineData("fc00::1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("ff02::1", false)]
    [InlineData("2001:db8::1", false)]
    public void Address_PublicOrNot(string address, bool expected) => Assert.Equal(expected, PublicAddress.IsPublic(IPAddress.Parse(address)));

    [Fact]
    public async Task Remote_PrivateAddress_IsNeverFetched()
    {
        await using var server = await TestServer.StartAsync("AllowRemoteUrls=true");
        foreach (var host in new[] { "127.0.0.1", "localhost", "[::1]", "0x7f.1", "169.254.169.254" })
        {
            var (status, body) = await server.Client.AskAsync("/", Http.Json(new JsonObject { ["inputs"] = $"http://{host}:{server.Address.Port}/" }));
            Assert.Equal(400, status);
            Assert.Contains("not public", (string?)body["error"], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Remote_Redirects_AreCheckedToo()
    {
        using var target = new RedirectingServer();
        var options = Options.Create(new ServerOptions { AllowRemoteUrls = true, MaxBodyBytes = 100_000 });
        var asked = 0;
        using var remote = new RemotePictures(options, _ => ++asked == 1); // the first address passes, the redirect's does not
        var error = await Assert.ThrowsAsync<ApiException>(() => remote.FetchAsync(target.Address, "image_url", CancellationToken.None));
        Assert.Contains("not public", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, asked);
        using var open = new RemotePictures(options, _ => true);
        Assert.Equal(TestServer.Picture, await open.FetchAsync(target.Address, "image_url", CancellationToken.None));
        using var small = new RemotePictures(Options.Create(new ServerOptions { AllowRemoteUrls = true, MaxBodyBytes = 100 }), _ => true);
        await Assert.ThrowsAsync<ApiException>(() => small.FetchAsync(target.Address, "image_url", CancellationToken.None));
    }

    [Fact]
    public async Task Server_WritesNothingToDisk()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("TMPDIR and HOME steer where files go on Linux and macOS only.");
        using var folder = new TemporaryFolder();
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "sightline-server.dll"), "--model", Fixture.Path("checkpoints", "t-base"), "--urls", "http://127.0.0.1:0"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            Environment = { ["TMPDIR"] = folder.Root, ["HOME"] = folder.Root, ["DOTNET_EnableDiagnostics"] = "0", ["DOTNET_CLI_HOME"] = Path.GetTempPath() },
            WorkingDirectory = folder.Root,
        };
        using var process = Process.Start(start)!;
        try
        {
            var address = "";
            while (address.Length == 0 && await process.StandardError.ReadLineAsync() is { } line)
                address = Listening().Match(line).Groups[1].Value;
            using var client = new HttpClient { BaseAddress = new Uri(address) };
            while (!(await client.GetAsync("/health/ready")).IsSuccessStatusCode)
                await Task.Delay(50);
            var large = new byte[4_000_000]; // would be spooled to a file by default
            Assert.Equal(400, (await client.AskAsync("/api/captions", Http.Form(("a.png", large)))).Status);
            Assert.Equal(200, (await client.AskAsync("/api/captions", Http.Form(("a.png", TestServer.Picture)))).Status);
            Assert.Equal(200, (int)(await client.GetAsync("/")).StatusCode);
            Assert.Empty(folder.Names);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex Token();

    [GeneratedRegex("listening on: (http://[0-9.:]+)")]
    private static partial Regex Listening();
}
