using Sightline.Server.Errors;

namespace Sightline.Server.Page;

/// <summary>Errors of the plain form: the page again, with the error on top.</summary>
internal sealed class PageFormat : IErrorFormat
{
    public static PageFormat Instance { get; } = new();

    /// <inheritdoc/>
    public Task WriteAsync(HttpContext context, ApiException error) => context.RequestServices.GetRequiredService<PageRenderer>().WriteAsync(context, [], error.Message);
}
