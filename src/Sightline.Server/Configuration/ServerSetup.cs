using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using Sightline.Server.Captioning;
using Sightline.Server.Endpoints;
using Sightline.Server.Errors;
using Sightline.Server.Observability;
using Sightline.Server.Page;
using Sightline.Server.Security;

namespace Sightline.Server.Configuration;

/// <summary>The parts of the server, each registered in one method.</summary>
internal static class ServerSetup
{
    private const double SlowestUploadBytesPerSecond = 1024;

    public static void AddOptions(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<ServerOptions>, ServerOptionsValidation>();
        builder.Services.AddOptions<ServerOptions>().BindConfiguration(ServerOptions.Section).ValidateOnStart();
    }

    public static void AddHosting(this WebApplicationBuilder builder)
    {
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Services.AddOptions<KestrelServerOptions>().Configure<IOptions<ServerOptions>, IConfiguration>((kestrel, options, configuration) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.Value.MaxBodyBytes;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(Math.Min(10, options.Value.UploadSeconds));
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(SlowestUploadBytesPerSecond, TimeSpan.FromSeconds(5));
            kestrel.Limits.MaxConcurrentConnections = 8L * options.Value.MaxRequests;
            kestrel.Configure(configuration.GetSection("Kestrel"));
        });
        builder.Services.AddOptions<HostOptions>().Configure<IOptions<ServerOptions>>((host, options) =>
            host.ShutdownTimeout = TimeSpan.FromSeconds(options.Value.DrainSeconds));
        builder.Services.AddRouting();
        // Nothing of a form goes to disk, whatever its size.
        builder.Services.AddOptions<FormOptions>().Configure<IOptions<ServerOptions>>((form, options) =>
        {
            form.MemoryBufferThreshold = (int)options.Value.MaxBodyBytes;
            form.MultipartBodyLengthLimit = options.Value.MaxBodyBytes;
            form.ValueCountLimit = 64 + options.Value.MaxImagesPerRequest;
        });
    }

    public static void AddCaptioning(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ServedModel>();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<BatchGatherer>();
        builder.Services.AddSingleton<Admission>();
        builder.Services.AddSingleton<CaptionService>();
        builder.Services.AddHostedService<BatchWorker>();
    }

    public static void AddApis(this WebApplicationBuilder builder)
    {
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals;
            json.SerializerOptions.Encoder = JavaScriptEncoder.Create(UnicodeRanges.All);
        });
        builder.Services.AddProblemDetails();
        builder.Services.AddExceptionHandler<ErrorResponses>();
        builder.Services.AddSingleton<ErrorResponses>();
        builder.Services.AddSingleton<PictureReference>();
        builder.Services.AddSingleton<PageRenderer>();
        builder.Services.AddSingleton<UploadDrain>();
        builder.Services.AddOpenApi(ApiDocument.Configure);
        builder.Services.AddRequestTimeouts();
        builder.Services.AddOptions<RequestTimeoutOptions>().Configure<IOptions<ServerOptions>>((timeouts, options) => timeouts.DefaultPolicy = new RequestTimeoutPolicy
        {
            Timeout = TimeSpan.FromSeconds(options.Value.UploadSeconds + options.Value.TimeoutSeconds),
            TimeoutStatusCode = StatusCodes.Status504GatewayTimeout,
            WriteTimeoutResponse = context => context.RequestServices.GetRequiredService<ErrorResponses>().WriteAsync(
                context, new ApiException(StatusCodes.Status504GatewayTimeout, $"The request took longer than {options.Value.TimeoutSeconds} s.") { Code = "timeout" }),
        });
    }

    public static void AddSecurity(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<ApiKeys>();
        services.AddSingleton<CrossOriginGuard>();
        services.AddSingleton<RemotePictures>();
        services.AddHostFiltering(_ => { });
        services.AddOptions<HostFilteringOptions>().Configure<IOptions<ServerOptions>>((filter, options) => filter.AllowedHosts = [.. options.Value.Hosts]);
        services.AddCors();
        services.AddOptions<Microsoft.AspNetCore.Cors.Infrastructure.CorsOptions>().Configure<IOptions<ServerOptions>>((cors, options) => cors.AddDefaultPolicy(policy =>
            policy.WithOrigins(ServerOptions.Split(options.Value.AllowedOrigins)).AllowAnyHeader().WithMethods("GET", "POST")));
        services.AddDataProtection().AddKeyManagementOptions(keys => keys.XmlRepository = new MemoryKeyRepository());
        services.AddAntiforgery(antiforgery => antiforgery.Cookie = new CookieBuilder { Name = "sightline-form", SameSite = SameSiteMode.Strict, HttpOnly = true, SecurePolicy = CookieSecurePolicy.SameAsRequest });
        services.AddAuthentication(ApiKeyHandler.SchemeName).AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(ApiKeyHandler.SchemeName, null);
        services.AddAuthorization();
        services.AddOptions<Microsoft.AspNetCore.Authorization.AuthorizationOptions>().Configure<ApiKeys>((authorization, keys) =>
            authorization.FallbackPolicy = keys.Any ? new Microsoft.AspNetCore.Authorization.AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build() : null);
        services.AddRateLimiter(_ => { });
        services.AddOptions<Microsoft.AspNetCore.RateLimiting.RateLimiterOptions>().Configure<IOptions<ServerOptions>, ServerMetrics, ErrorResponses>((limiter, options, metrics, errors) =>
        {
            limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, bool>(context => HttpMethods.IsPost(context.Request.Method)
                ? RateLimitPartition.GetConcurrencyLimiter(true, _ => new ConcurrencyLimiterOptions { PermitLimit = options.Value.MaxRequests, QueueLimit = 0 })
                : RateLimitPartition.GetNoLimiter(false));
            limiter.OnRejected = async (rejected, _) =>
            {
                metrics.Reject("too_many_requests");
                await errors.WriteAsync(rejected.HttpContext, new ApiException(StatusCodes.Status429TooManyRequests, $"The server is busy: {options.Value.MaxRequests} requests are under way. Try again in a second.") { RetryAfter = TimeSpan.FromSeconds(1) });
            };
        });
    }

    public static void AddObservability(this WebApplicationBuilder builder)
    {
        builder.Logging.AddFilter("Sightline", LogLevel.Information).SetMinimumLevel(LogLevel.Warning).AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        if (builder.Configuration[$"{ServerOptions.Section}:{nameof(ServerOptions.LogFormat)}"] == "json")
            builder.Logging.AddJsonConsole();
        else
            builder.Logging.AddSimpleConsole(console => (console.SingleLine, console.UseUtcTimestamp, console.TimestampFormat) = (true, true, "yyyy-MM-ddTHH:mm:ss.fffZ "));
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.AddSingleton<ServerMetrics>();
        builder.Services.AddSingleton<RequestLog>();
        builder.Services.AddHealthChecks().AddCheck<ServedModel>("model");
        builder.Services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService("sightline")).WithMetrics(metrics => metrics
            .AddMeter(ServerMetrics.MeterName, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime")
            .AddPrometheusExporter());
    }

    /// <summary>The pipeline: what every request passes, in order.</summary>
    public static void UseCaptionServer(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<IOptions<ServerOptions>>().Value; // throws here if they cannot be used
        foreach (var url in ServerOptions.Split(options.Urls))
            app.Urls.Add(url);
        app.UseMiddleware<UploadDrain>();
        app.UseMiddleware<RequestLog>();
        app.UseResponseHeaders();
        app.UseHostFiltering();
        app.UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandler = context => Task.CompletedTask });
        app.UseStatusCodePages(context => context.HttpContext.RequestServices.GetRequiredService<ErrorResponses>().WriteStatusAsync(context));
        app.UseRouting();
        app.UseRequestTimeouts();
        app.UseCors();
        app.UseMiddleware<CrossOriginGuard>();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseRateLimiter();
    }

    public static void MapObservability(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new() { Predicate = _ => false }).AllowAnonymous();
        app.MapHealthChecks("/health/ready").AllowAnonymous();
        app.MapPrometheusScrapingEndpoint("/metrics");
    }
}
