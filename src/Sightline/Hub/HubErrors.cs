using System.Net;

namespace Sightline.Hub;

/// <summary>Says in one line what an answer of the hub means.</summary>
internal static class HubErrors
{
    /// <summary>Throws if the answer is an error.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="name">The model that was asked for.</param>
    /// <param name="file">The file; null: the list of files.</param>
    /// <param name="options">The endpoint, and the token that no message may hold.</param>
    /// <exception cref="HubException">It is one.</exception>
    public static void ThrowIfFailed(HttpResponseMessage response, HubModelName name, string? file, HubOptions options)
    {
        // A redirect that was not followed carries the description that was asked for.
        if ((int)response.StatusCode < 400)
            return;
        var message = Message(response, name, file, options);
        throw new HubException(options.Token is { } token ? message.Replace(token, "(token)", StringComparison.Ordinal) : message);
    }

    private static string Message(HttpResponseMessage response, HubModelName name, string? file, HubOptions options)
    {
        var hub = new Uri(options.Endpoint).Authority;
        var page = $"{options.Endpoint}/{name.Repository}";
        switch (HubFile.Header(response, "X-Error-Code"), response.StatusCode)
        {
            case ("GatedRepo", _):
                return options.Token is null
                    ? $"{name}: gated; accept its conditions at {page} in a browser, then give a token with read access (HF_TOKEN, or 'hf auth login')."
                    : $"{name}: gated, and the account of the token that was sent has no access; accept its conditions at {page} in a browser.";
            case ("RevisionNotFound", _):
                return $"{name}: the model is on {hub}, but has no revision '{name.Revision}'; {page} shows its branches, tags and commits.";
            case ("EntryNotFound", _):
                return $"{name}: no file '{file}' on {hub}{Said(response)}.";
            case ("RepoNotFound", _) or (_, HttpStatusCode.Unauthorized):
                return $"{name}: no such model on {hub}{(options.Token is null ? ", or it is private; check the spelling, or give a token (HF_TOKEN, or 'hf auth login')" : ", or the token that was sent has no access; check the spelling and the token")}.";
            case (_, HttpStatusCode.Forbidden):
                return $"{name}: {hub} refuses access{Said(response)}; check the token (HF_TOKEN) and its rights.";
            case (_, HttpStatusCode.NotFound):
                return $"{name}: {(file is null ? "no such model" : $"no file '{file}'")} on {hub}; check the spelling and HF_ENDPOINT.";
            case (_, HttpStatusCode.TooManyRequests):
                return $"{name}: {hub} has had too many requests{(HubTransport.RetryAfter(response) is { } wait ? $" and asks to wait {Math.Ceiling(wait.TotalSeconds)} seconds" : "")}; try again later.";
            case (_, >= HttpStatusCode.InternalServerError):
                return $"{name}: {hub} failed with status {(int)response.StatusCode}{Said(response)}; try again later.";
            default:
                return $"{name}: {hub} answered with status {(int)response.StatusCode}{Said(response)}; is HF_ENDPOINT a hub?";
        }
    }

    private static string Said(HttpResponseMessage response) =>
        HubFile.Header(response, "X-Error-Message") is { Length: > 0 } said ? $" ({Checkpoints.MessageText.Clean(said, 200).TrimEnd('.')})" : "";
}
