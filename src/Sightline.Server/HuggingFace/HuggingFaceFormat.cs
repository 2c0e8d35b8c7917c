using Sightline.Server.Errors;

namespace Sightline.Server.HuggingFace;

/// <summary>Errors as Hugging Face's clients read them: <c>{"error": "..."}</c>, with <c>estimated_time</c> while the model loads.</summary>
internal sealed class HuggingFaceFormat : IErrorFormat
{
    public static HuggingFaceFormat Instance { get; } = new();

    /// <inheritdoc/>
    public Task WriteAsync(HttpContext context, ApiException error) =>
        context.Response.WriteAsJsonAsync(new ErrorBody(error.Message, error.Status == 503 ? error.RetryAfter?.TotalSeconds : null));

    private sealed record ErrorBody(string Error, double? EstimatedTime);
}
