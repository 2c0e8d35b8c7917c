using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.Extensions.Options;
using Sightline.Server.Captioning;
using Sightline.Server.Configuration;
using Sightline.Server.Security;

namespace Sightline.Server.Page;

/// <summary>The page: one file with its style and script inside, allowed by their hashes and nothing else.</summary>
internal sealed class PageRenderer
{
    private readonly string _template;
    private readonly string _policy;
    private readonly IAntiforgery _antiforgery;

    public PageRenderer(IOptions<ServerOptions> options, ServedModel model, ApiKeys keys, IAntiforgery antiforgery)
    {
        _antiforgery = antiforgery;
        var (style, script) = (Resource("page.css"), Resource("page.js"));
        _template = Resource("page.html")
            .Replace("{{style}}", style, StringComparison.Ordinal)
            .Replace("{{script}}", script, StringComparison.Ordinal)
            .Replace("{{key-row}}", keys.Any ? KeyRow : "", StringComparison.Ordinal)
            .Replace("{{max-beams}}", $"{options.Value.MaxSequences}", StringComparison.Ordinal)
            .Replace("{{max-bytes}}", $"{options.Value.MaxBodyBytes}", StringComparison.Ordinal)
            .Replace("{{model}}", WebUtility.HtmlEncode(model.Name), StringComparison.Ordinal);
        _policy = $"default-src 'none'; style-src '{HashOf(style)}'; script-src '{HashOf(script)}'; img-src blob: data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    }

    private const string KeyRow = """
        <p><label for="key">API key</label><input type="password" id="key" name="api_key" autocomplete="off" required></p>

        """;

    /// <summary>Writes the page.</summary>
    /// <param name="context">The request.</param>
    /// <param name="outcomes">What a form post gave; empty for a fresh page.</param>
    /// <param name="error">What went wrong, in plain words.</param>
    public async Task WriteAsync(HttpContext context, IReadOnlyList<CaptionOutcome> outcomes, string? error)
    {
        var tokens = _antiforgery.GetAndStoreTokens(context);
        var title = error is not null ? "Error – Sightline" : outcomes.Count > 0 ? "Descriptions – Sightline" : "Sightline – descriptions of pictures";
        var page = _template
            .Replace("{{title}}", title, StringComparison.Ordinal)
            .Replace("{{token-name}}", tokens.FormFieldName, StringComparison.Ordinal)
            .Replace("{{token}}", tokens.RequestToken, StringComparison.Ordinal)
            .Replace("{{error}}", WebUtility.HtmlEncode(error ?? ""), StringComparison.Ordinal)
            .Replace("{{output}}", Render(outcomes), StringComparison.Ordinal);
        context.Response.Headers.ContentSecurityPolicy = _policy;
        context.Response.ContentType = "text/html; charset=utf-8";
        await context.Response.WriteAsync(page);
    }

    private static string Render(IReadOnlyList<CaptionOutcome> outcomes)
    {
        if (outcomes.Count == 0)
            return "<p class=\"hint\">Descriptions appear here.</p>";
        var html = new StringBuilder();
        foreach (var outcome in outcomes)
        {
            html.Append("<h3>").Append(WebUtility.HtmlEncode(outcome.Image)).Append("</h3>");
            if (outcome.Result is not { } result)
            {
                html.Append("<p class=\"error\">").Append(WebUtility.HtmlEncode(outcome.Error!.Message)).Append("</p>");
                continue;
            }

            html.Append("<p class=\"spoken\"><span class=\"label\">AI description:</span> ").Append(WebUtility.HtmlEncode(result.Caption.Text)).Append("</p>");
            foreach (var warning in result.Warnings)
                html.Append("<p>Note: ").Append(WebUtility.HtmlEncode(warning)).Append("</p>");
            if (result.Caption.Alternatives.Count > 0)
            {
                html.Append("<p>Other descriptions:</p><ol>");
                foreach (var other in result.Caption.Alternatives)
                    html.Append("<li>").Append(WebUtility.HtmlEncode(other.Text)).Append("</li>");
                html.Append("</ol>");
            }
        }

        return html.ToString();
    }

    private static string HashOf(string text) => $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}";

    private static string Resource(string name)
    {
        using var stream = typeof(PageRenderer).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"The resource {name} is missing.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n"); // as browsers hash it
    }
}
