using Sightline.Server.Errors;
using Sightline.Server.Security;

namespace Sightline.Server.Endpoints;

/// <summary>Pictures inside JSON: base64, data URLs, and addresses where these are allowed. A file path is none of these.</summary>
internal sealed class PictureReference(RemotePictures remote)
{
    /// <summary>Gives the picture that a text stands for.</summary>
    /// <param name="text">The text.</param>
    /// <param name="parameter">Names it in errors.</param>
    /// <param name="plainBase64">Whether base64 without a data URL's head is possible.</param>
    /// <param name="cancellationToken">Stops the fetching of an address.</param>
    /// <exception cref="ApiException">It stands for no picture, or may not be fetched.</exception>
    public async Task<ImageInput> ReadAsync(string text, string parameter, bool plainBase64, CancellationToken cancellationToken)
    {
        if (text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
            return ImageInput.FromBytes(await remote.FetchAsync(text, parameter, cancellationToken));
        var comma = text.StartsWith("data:", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(0, Math.Min(text.Length, 200)).IndexOf(',') : -1;
        if (comma < 0 && !plainBase64)
            throw ApiException.Invalid(parameter, $"{parameter} must be a data URL (data:image/jpeg;base64,...).");
        if (comma >= 0 && !text[..comma].EndsWith(";base64", StringComparison.OrdinalIgnoreCase))
            throw ApiException.Invalid(parameter, $"{parameter} is a data URL that is not base64.");
        var base64 = text.AsSpan(comma + 1);
        var bytes = new byte[(base64.Length / 4 * 3) + 3];
        return Convert.TryFromBase64Chars(base64, bytes, out var count)
            ? ImageInput.FromBytes(bytes.AsMemory(0, count))
            : throw ApiException.Invalid(parameter, $"{parameter} is not valid base64.");
    }
}
