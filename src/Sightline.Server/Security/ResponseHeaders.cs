namespace Sightline.Server.Security;

/// <summary>Headers of every answer: nothing is cached, framed or guessed.</summary>
internal static class ResponseHeaders
{
    /// <summary>Adds the headers.</summary>
    public static IApplicationBuilder UseResponseHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        context.Response.OnStarting(() => Add(context)); // an error clears what was set before
        return next(context);
    });

    private static Task Add(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "same-origin"; // with "no-referrer" browsers send the page's own form with Origin: null
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }
}
