using Sightline.Server.Configuration;
using Sightline.Server.Endpoints;
using Sightline.Server.HuggingFace;
using Sightline.Server.OpenAI;
using Sightline.Server.Page;

namespace Sightline.Server;

/// <summary>The web application, put together.</summary>
internal static class CaptionServer
{
    /// <summary>Builds the server; it listens when it is run.</summary>
    /// <param name="settings">Configuration that counts before the environment, by keys such as <c>Sightline:Model</c>.</param>
    /// <param name="configure">Changes services before the server is built; for tests.</param>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The options cannot be used.</exception>
    public static WebApplication Build(IEnumerable<KeyValuePair<string, string?>> settings, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, ApplicationName = "sightline-server" });
        builder.Configuration.AddEnvironmentVariables();
        builder.Configuration.AddInMemoryCollection(settings);
        builder.AddOptions();
        builder.AddHosting();
        builder.AddCaptioning();
        builder.AddApis();
        builder.AddSecurity();
        builder.AddObservability();
        configure?.Invoke(builder);
        var app = builder.Build();
        app.UseCaptionServer();
        app.MapCaptions();
        app.MapImageToText();
        app.MapChatCompletions();
        app.MapModels();
        app.MapPage();
        app.MapOpenApi();
        app.MapObservability();
        return app;
    }
}
