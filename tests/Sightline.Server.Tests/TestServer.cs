using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sightline.Server.Captioning;
using Sightline.Server.Configuration;
using Sightline.Tests;

namespace Sightline.Server.Tests;

/// <summary>The real application on a real port of this machine.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private TestServer(WebApplication app)
    {
        App = app;
        Address = new Uri(app.Urls.Single());
        Client = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromMinutes(2) };
    }

    public WebApplication App { get; }

    public Uri Address { get; }

    public HttpClient Client { get; }

    /// <summary>The captioner that the server serves with.</summary>
    public Captioner Captioner => App.Services.GetRequiredService<ServedModel>().Ready;

    /// <summary>Everything that was logged.</summary>
    public CapturedLog Log { get; private init; } = new();

    /// <summary>A picture that t-base calls "a yellow square".</summary>
    public static byte[] Picture { get; } = Shape(0);

    public static byte[] Shape(int number) => File.ReadAllBytes(Fixture.Path("images", "shapes", $"shape{number}.png"));

    /// <summary>Starts a server with t-base and these settings (<c>Name=value</c>), ready to caption.</summary>
    public static async Task<TestServer> StartAsync(params string[] settings)
    {
        var server = await StartLoadingAsync(null, settings);
        await server.App.Services.GetRequiredService<ServedModel>().WaitAsync(CancellationToken.None);
        return server;
    }

    /// <summary>Starts a server whose model may still be loading.</summary>
    public static async Task<TestServer> StartLoadingAsync(Action<WebApplicationBuilder>? configure, params string[] settings)
    {
        var all = new Dictionary<string, string?>
        {
            [$"{ServerOptions.Section}:Model"] = Fixture.Path("checkpoints", "t-base"),
            [$"{ServerOptions.Section}:Urls"] = "http://127.0.0.1:0",
        };
        foreach (var setting in settings)
            all[$"{ServerOptions.Section}:{setting.Split('=')[0]}"] = setting[(setting.IndexOf('=') + 1)..];
        var log = new CapturedLog();
        var app = CaptionServer.Build(all, builder =>
        {
            builder.Logging.ClearProviders().AddProvider(log);
            configure?.Invoke(builder);
        });
        await app.StartAsync();
        return new TestServer(app) { Log = log };
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
    }
}
