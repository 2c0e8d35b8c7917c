using Microsoft.AspNetCore.Mvc;

namespace Sightline.Server.Errors;

/// <summary>Problem details (RFC 9457): Sightline's own API, and whatever belongs to no API.</summary>
internal sealed class ProblemFormat : IErrorFormat
{
    public static ProblemFormat Instance { get; } = new();

    /// <inheritdoc/>
    public async Task WriteAsync(HttpContext context, ApiException error)
    {
        var problem = new ProblemDetails { Status = error.Status, Detail = error.Message };
        if (error.Parameter is { } parameter)
            problem.Extensions["parameter"] = parameter;
        if (error.Code is { } code)
            problem.Extensions["code"] = code;
        await context.RequestServices.GetRequiredService<IProblemDetailsService>().WriteAsync(new ProblemDetailsContext { HttpContext = context, ProblemDetails = problem });
    }
}
