namespace Sightline.Server.Errors;

/// <summary>A request that cannot be served, with what its client should be told.</summary>
internal sealed class ApiException(int status, string message) : Exception(message)
{
    /// <summary>The HTTP status.</summary>
    public int Status => status;

    /// <summary>A word for programs, such as <c>unsupported_parameter</c>.</summary>
    public string? Code { get; init; }

    /// <summary>The parameter at fault.</summary>
    public string? Parameter { get; init; }

    /// <summary>When to try again.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>A parameter that this server does not support.</summary>
    public static ApiException Unsupported(string parameter, string why = "is not supported") =>
        new(400, $"{parameter} {why}.") { Code = "unsupported_parameter", Parameter = parameter };

    /// <summary>A parameter whose value cannot be used.</summary>
    public static ApiException Invalid(string parameter, string message) => new(400, message) { Code = "invalid_value", Parameter = parameter };
}
