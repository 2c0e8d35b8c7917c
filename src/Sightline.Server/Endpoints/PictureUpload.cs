using Microsoft.Net.Http.Headers;
using Sightline.Server.Configuration;
using Sightline.Server.Errors;

namespace Sightline.Server.Endpoints;

/// <summary>The pictures and fields that a request brings, read into memory within the limits.</summary>
/// <param name="Pictures">The pictures, named as the client calls them.</param>
/// <param name="Fields">Fields of the query and of a form.</param>
internal sealed record PictureUpload(IReadOnlyList<ImageInput> Pictures, IReadOnlyList<KeyValuePair<string, string>> Fields)
{
    /// <summary>Reads a multipart form with files, or a raw picture.</summary>
    /// <param name="context">The request.</param>
    /// <param name="limits">The server's limits.</param>
    /// <param name="formOnly">Field names of a form that are not settings.</param>
    /// <exception cref="ApiException">Another content type, no picture, too many, too slow.</exception>
    public static async Task<PictureUpload> ReadAsync(HttpContext context, ServerOptions limits, params string[] formOnly)
    {
        var fields = context.Request.Query.SelectMany(pair => pair.Value.Select(value => KeyValuePair.Create(pair.Key, value ?? ""))).ToList();
        if (!IsMultipart(context.Request.ContentType))
        {
            RefuseOtherTypes(context.Request.ContentType);
            return new PictureUpload([ImageInput.FromBytes(await ReadBodyAsync(context, limits))], fields);
        }

        var form = await WithinUploadTimeAsync(context, limits, token => context.Request.ReadFormAsync(token));
        fields.AddRange(form.Where(pair => !formOnly.Contains(pair.Key)).SelectMany(pair => pair.Value.Select(value => KeyValuePair.Create(pair.Key, value ?? ""))));
        var files = form.Files.Where(file => file.Length > 0 || file.FileName.Length > 0).ToList();
        if (files.Count == 0)
            throw ApiException.Invalid("file", "The form has no picture; send one or more as files.");
        if (files.Count > limits.MaxImagesPerRequest)
            throw ApiException.Invalid("file", $"The form has {files.Count} pictures; this server takes at most {limits.MaxImagesPerRequest} at a time.");
        return new PictureUpload([.. files.Select((file, index) => ImageInput.FromStream(file.OpenReadStream(), NameOf(file, index)))], fields);
    }

    /// <summary>Reads the whole body.</summary>
    /// <exception cref="ApiException">408: it takes too long.</exception>
    /// <exception cref="BadHttpRequestException">413: it is too large.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpContext context, ServerOptions limits)
    {
        // A length that is declared is checked by Kestrel before the first byte; the memory grows with what has come, not with what is promised.
        using var body = new MemoryStream();
        await WithinUploadTimeAsync(context, limits, async token =>
        {
            await context.Request.Body.CopyToAsync(body, token);
            return true;
        });
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }

    private static async Task<T> WithinUploadTimeAsync<T>(HttpContext context, ServerOptions limits, Func<CancellationToken, Task<T>> read)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        deadline.CancelAfter(TimeSpan.FromSeconds(limits.UploadSeconds));
        try
        {
            return await read(deadline.Token);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            context.Response.Headers.Connection = "close";
            throw new ApiException(StatusCodes.Status408RequestTimeout, $"The body did not arrive within {limits.UploadSeconds} s.");
        }
    }

    private static bool IsMultipart(string? contentType) => contentType?.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase) == true;

    // curl calls --data-binary an urlencoded form; the bytes say what they are.
    private static void RefuseOtherTypes(string? contentType)
    {
        if (string.IsNullOrEmpty(contentType) || !MediaTypeHeaderValue.TryParse(contentType, out var type))
            return; // Python's client sends none: the bytes say what they are
        if (type.Type != "image" && type.MediaType != "application/octet-stream" && type.MediaType != "application/x-www-form-urlencoded")
            throw new ApiException(StatusCodes.Status415UnsupportedMediaType, $"Content-Type is {type.MediaType}; multipart/form-data with files, or a picture as image/* or application/octet-stream was expected.");
    }

    private static string NameOf(IFormFile file, int index)
    {
        var name = new string([.. file.FileName.Where(c => !char.IsControl(c)).Take(200)]);
        return name.Length > 0 ? name : $"picture {index + 1}";
    }
}
