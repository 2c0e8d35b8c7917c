using System.Text.Json;
using System.Text.Json.Nodes;
using Sightline.Server.Configuration;
using Sightline.Server.Errors;

namespace Sightline.Server.Endpoints;

/// <summary>A request body that is one JSON object.</summary>
internal static class JsonBody
{
    private static readonly JsonDocumentOptions s_options = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    /// <summary>Reads the body.</summary>
    /// <exception cref="ApiException">Not JSON, or no object.</exception>
    public static async Task<JsonObject> ReadAsync(HttpContext context, ServerOptions limits)
    {
        var body = await PictureUpload.ReadBodyAsync(context, limits);
        try
        {
            return JsonNode.Parse(body.Span, documentOptions: s_options) as JsonObject ?? throw new ApiException(400, "The body is JSON, but no object.");
        }
        catch (JsonException e)
        {
            throw new ApiException(400, $"The body is not JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.");
        }
    }
}
