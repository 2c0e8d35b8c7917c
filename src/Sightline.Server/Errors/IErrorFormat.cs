namespace Sightline.Server.Errors;

/// <summary>How an API tells its clients what went wrong. Endpoints carry one as metadata.</summary>
internal interface IErrorFormat
{
    /// <summary>Writes the body; status and headers are set already.</summary>
    Task WriteAsync(HttpContext context, ApiException error);
}
