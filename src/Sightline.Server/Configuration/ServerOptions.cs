using Sightline.Hub;
using Sightline.Kernels;

namespace Sightline.Server.Configuration;

/// <summary>
/// Everything that can be set. Given as <c>--name</c> on the command line or as environment variables <c>Sightline__Name</c>; the command line
/// counts. <see cref="ServerOptionsValidation"/> checks all of it before the server starts.
/// </summary>
internal sealed record ServerOptions
{
    /// <summary>The configuration section that these options are bound from.</summary>
    public const string Section = "Sightline";

    /// <summary>The checkpoint folder, or <c>owner/name[@revision]</c> of the hub. Default: what <c>SIGHTLINE_MODEL</c> says; one of the two is required.</summary>
    public string Model { get; init; } = Environment.GetEnvironmentVariable(ModelSource.Variable) ?? "";

    /// <summary>What the APIs call the model. Default: the folder's name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Addresses to listen on, separated by semicolons. Loopback by default.</summary>
    public string Urls { get; init; } = "http://127.0.0.1:8080";

    /// <summary>Host names that requests may ask for, separated by semicolons; <c>*</c> is any. Default: the loopback names and the hosts of <see cref="Urls"/>.</summary>
    public string AllowedHosts { get; init; } = "";

    /// <summary>Origins of web pages that may call the APIs from a browser (CORS), separated by semicolons. Default: none.</summary>
    public string AllowedOrigins { get; init; } = "";

    /// <summary>A file with one API key a line. With a key or more, every request but the page and the health checks needs one.</summary>
    public string ApiKeysFile { get; init; } = "";

    /// <summary>API keys, separated by blanks; meant for the environment, not for a command line that others can see.</summary>
    public string ApiKeys { get; init; } = "";

    /// <summary>Threads for the arithmetic; 0 is one per processor.</summary>
    public int Threads { get; init; }

    /// <summary>Number format of the weights: <c>auto</c>, that of the model if it was converted to one, else fp32; or <c>fp32</c>, <c>bf16</c>, <c>int8</c>, <c>int4</c>.</summary>
    public string DType { get; init; } = "auto";

    /// <summary>Tokens guessed ahead, 0 to <see cref="CaptionerOptions.MaxDraftTokens"/>; see <see cref="CaptionerOptions.DraftTokens"/>.</summary>
    public int DraftTokens { get; init; } = 5;

    /// <summary>The most pictures that go through the model together, 1 to 256.</summary>
    public int MaxBatch { get; init; } = 8;

    /// <summary>
    /// The longest that a free model waits for more pictures before it begins, 0 to 1000 ms. It waits only where several were there together the
    /// last time, and until as many have come; a picture that comes alone starts at once.
    /// </summary>
    public double BatchDelayMs { get; init; } = 4;

    /// <summary>The most pictures that are accepted and not finished; beyond it the answer is 429. At least <see cref="MaxImagesPerRequest"/>.</summary>
    public int MaxQueue { get; init; } = 64;

    /// <summary>The most requests at a time that may send a body; beyond it the answer is 429.</summary>
    public int MaxRequests { get; init; } = 128;

    /// <summary>The largest request body, 1 KiB to 1 GiB, in bytes.</summary>
    public long MaxBodyBytes { get; init; } = 20L << 20;

    /// <summary>The most pixels of a picture, 1 to 715827869; checked before memory is taken.</summary>
    public long MaxPixels { get; init; } = 64_000_000;

    /// <summary>The most pictures of one request, 1 to 1024.</summary>
    public int MaxImagesPerRequest { get; init; } = 16;

    /// <summary>The most sequences that are searched for one picture (beams, and samples times beams), 1 to 1024.</summary>
    public int MaxSequences { get; init; } = 16;

    /// <summary>The longest that a request may take after the time for its body (<see cref="UploadSeconds"/>), in seconds.</summary>
    public double TimeoutSeconds { get; init; } = 60;

    /// <summary>The longest that a client may take to send its body, in seconds.</summary>
    public double UploadSeconds { get; init; } = 30;

    /// <summary>How long requests under way may take to finish when the server is told to stop, in seconds.</summary>
    public double DrainSeconds { get; init; } = 30;

    /// <summary>Fetch pictures from http and https addresses that requests name. Never from private addresses. Default false.</summary>
    public bool AllowRemoteUrls { get; init; }

    /// <summary>What the Hugging Face routes answer by default: <c>list</c>, as its pipelines do, or <c>object</c>.</summary>
    public string HuggingFaceFormat { get; init; } = "list";

    /// <summary>How log lines are written: <c>text</c> or <c>json</c>.</summary>
    public string LogFormat { get; init; } = "text";

    /// <summary>The name of the served model: what is given, or the folder's name, or a hub model's <c>owner/name</c>.</summary>
    public string ModelName => Name.Length > 0 ? Name
        : Directory.Exists(Model) ? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Model)))
        : Model.Split('@')[0];

    /// <summary>What <see cref="DType"/> says.</summary>
    public WeightFormat WeightFormat => Enum.Parse<WeightFormat>(DType, ignoreCase: true);

    /// <summary>The host names that requests may ask for.</summary>
    public IReadOnlyList<string> Hosts => AllowedHosts.Length > 0
        ? Split(AllowedHosts)
        : [.. ((string[])["localhost", "127.0.0.1", "[::1]", .. Split(Urls).Select(url => BindingAddress.Parse(url).Host)]).Distinct(StringComparer.OrdinalIgnoreCase)];

    /// <summary>The parts of a value that holds several.</summary>
    public static string[] Split(string value) => value.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
