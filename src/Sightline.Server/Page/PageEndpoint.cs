using Microsoft.AspNetCore.Antiforgery;
using Microsoft.Extensions.Options;
using Sightline.Server.Captioning;
using Sightline.Server.Configuration;
using Sightline.Server.Endpoints;
using Sightline.Server.Errors;
using Sightline.Server.Security;

namespace Sightline.Server.Page;

/// <summary>The page for people: <c>GET /</c>, and <c>POST /describe</c> for browsers without JavaScript.</summary>
internal static class PageEndpoint
{
    private const string KeyField = "api_key";

    /// <summary>Maps the page and its form.</summary>
    public static void MapPage(this IEndpointRouteBuilder app)
    {
        app.MapGet("/", (HttpContext context, PageRenderer page) => page.WriteAsync(context, [], null)).AllowAnonymous().ExcludeFromDescription();
        app.MapPost("/describe", DescribeAsync).AllowAnonymous().ExcludeFromDescription().WithMetadata(PageFormat.Instance);
    }

    private static async Task DescribeAsync(HttpContext context, PageRenderer page, CaptionService captions, ApiKeys keys, IAntiforgery antiforgery, IOptions<ServerOptions> limits)
    {
        var token = antiforgery.GetTokens(context).FormFieldName;
        var upload = await PictureUpload.ReadAsync(context, limits.Value, token, KeyField); // within the limits, before anything else looks at the form
        if (!await antiforgery.IsRequestValidAsync(context))
            throw new ApiException(400, "The form is too old, or was not sent from this page. Send it again.");
        if (keys.Any && !keys.Contains(context.Request.Form[KeyField].ToString()))
            throw new ApiException(StatusCodes.Status401Unauthorized, "The API key is missing or not known.");
        var outcomes = await captions.DescribeAsync(upload.Pictures, new CaptionRequest(SettingFields.Read(upload.Fields)), context.RequestAborted);
        await page.WriteAsync(context, outcomes, null);
    }
}
