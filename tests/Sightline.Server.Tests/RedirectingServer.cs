using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Sightline.Server.Tests;

/// <summary>A small web server that redirects to a picture.</summary>
internal sealed class RedirectingServer : IDisposable
{
    private readonly WebApplication _app;

    public RedirectingServer()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Urls.Add("http://127.0.0.1:0");
        _app.MapGet("/start", () => Results.Redirect("/picture"));
        _app.MapGet("/picture", () => Results.Bytes(TestServer.Picture, "image/png"));
        _app.Start();
        Address = $"{_app.Urls.Single()}/start";
    }

    public string Address { get; }

    public void Dispose() => ((IDisposable)_app).Dispose();
}
