using System.Net;
using Microsoft.Extensions.Options;
using Sightline.Hub;
using Sightline.Kernels;

namespace Sightline.Server.Configuration;

/// <summary>Checks the options at start; every fault is named.</summary>
internal sealed class ServerOptionsValidation : IValidateOptions<ServerOptions>
{
    private const double Day = 86_400;

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ServerOptions options)
    {
        var faults = new List<string>();
        CheckModel(options, faults);
        CheckAddresses(options, faults);
        CheckKeys(options, faults);
        Within(faults, "--threads", options.Threads, 0, 1024);
        Within(faults, "--draft-tokens", options.DraftTokens, 0, CaptionerOptions.MaxDraftTokens);
        Within(faults, "--max-batch", options.MaxBatch, 1, 256);
        Within(faults, "--batch-delay-ms", options.BatchDelayMs, 0, 1000);
        Within(faults, "--max-images-per-request", options.MaxImagesPerRequest, 1, 1024);
        Within(faults, "--max-queue", options.MaxQueue, options.MaxImagesPerRequest, 65_536);
        Within(faults, "--max-requests", options.MaxRequests, 1, 65_536);
        Within(faults, "--max-body-bytes", options.MaxBodyBytes, 1024, 1 << 30);
        Within(faults, "--max-pixels", options.MaxPixels, 1, 715_827_869);
        Within(faults, "--max-sequences", options.MaxSequences, 1, 1024);
        Within(faults, "--timeout-seconds", options.TimeoutSeconds, 0.1, Day);
        Within(faults, "--upload-seconds", options.UploadSeconds, 0.1, Day);
        Within(faults, "--drain-seconds", options.DrainSeconds, 0, Day);
        OneOf(faults, "--dtype", options.DType, [.. Enum.GetNames<WeightFormat>().Select(format => format.ToLowerInvariant())]);
        OneOf(faults, "--hugging-face-format", options.HuggingFaceFormat, "list", "object");
        OneOf(faults, "--log-format", options.LogFormat, "text", "json");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static void CheckModel(ServerOptions options, List<string> faults)
    {
        if (options.Model.Length == 0)
            faults.Add($"--model is missing; give the folder of a model, or set {ModelSource.Variable}: --model path/to/model");
        else if (!File.Exists(Path.Combine(options.Model, "config.json")) && (Directory.Exists(options.Model) || !HubModelName.TryParse(options.Model, out _)))
            faults.Add($"--model is '{options.Model}', where no config.json is; a checkpoint folder, or owner/name of the hub, was expected");
    }

    private static void CheckAddresses(ServerOptions options, List<string> faults)
    {
        var urls = ServerOptions.Split(options.Urls);
        if (urls.Length == 0)
            faults.Add("--urls is empty; an address such as http://127.0.0.1:8080 was expected");
        foreach (var url in urls)
        {
            if (!TryParse(url, out var address))
                faults.Add($"--urls has '{url}'; an address such as http://127.0.0.1:8080 was expected");
            else if (options.AllowedHosts.Length == 0 && !IsOneHost(address.Host))
                faults.Add($"--urls has '{url}', which is reachable from outside; say with --allowed-hosts by which names (for instance captions.example.org), or * for any");
        }

        foreach (var origin in ServerOptions.Split(options.AllowedOrigins))
        {
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var uri) || uri.GetLeftPart(UriPartial.Authority) != origin)
                faults.Add($"--allowed-origins has '{origin}'; an origin such as https://example.org, without a path, was expected");
        }
    }

    private static void CheckKeys(ServerOptions options, List<string> faults)
    {
        if (options.ApiKeysFile.Length > 0 && !File.Exists(options.ApiKeysFile))
            faults.Add($"--api-keys-file is '{options.ApiKeysFile}'; there is no such file");
        else if (Security.ApiKeys.Read(options).Any(key => key.Length < 16))
            faults.Add("an API key has fewer than 16 characters; longer ones cannot be guessed");
    }

    private static bool TryParse(string url, out BindingAddress address)
    {
        address = null!;
        try
        {
            address = BindingAddress.Parse(url);
            return address.Scheme is "http" or "https" && address.PathBase.Length == 0;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    // "localhost" or one address. Kestrel takes every other name ("*", "+", "example.org") and 0.0.0.0 and [::] for all addresses.
    private static bool IsOneHost(string host) =>
        host == "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out var ip) && !ip.Equals(IPAddress.Any) && !ip.Equals(IPAddress.IPv6Any));

    private static void Within(List<string> faults, string name, double value, double least, double most)
    {
        if (!(value >= least && value <= most))
            faults.Add($"{name} is {value}; {least} to {most} was expected");
    }

    private static void OneOf(List<string> faults, string name, string value, params string[] values)
    {
        if (!values.Contains(value))
            faults.Add($"{name} is '{value}'; {string.Join(", ", values[..^1])} or {values[^1]} was expected");
    }
}
