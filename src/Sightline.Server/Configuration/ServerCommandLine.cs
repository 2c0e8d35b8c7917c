using System.CommandLine;
using Microsoft.Extensions.Options;

namespace Sightline.Server.Configuration;

/// <summary>The command <c>sightline-server</c>: its options become configuration, and every fault becomes one line.</summary>
internal static class ServerCommandLine
{
    private const int Failed = 1;
    private const int WrongUsage = 2;

    private static readonly Option<string?>[] s_options =
    [
        Setting("--model", nameof(ServerOptions.Model), "MODEL", "The model's folder, as Hugging Face lays it out, or owner/name[@revision] of the hub; without it, SIGHTLINE_MODEL counts."),
        Setting("--name", nameof(ServerOptions.Name), "NAME", "What the APIs call the model (default: the folder's name)."),
        Setting("--urls", nameof(ServerOptions.Urls), "URLS", "Where to listen (default http://127.0.0.1:8080: this machine only); several with semicolons."),
        Setting("--allowed-hosts", nameof(ServerOptions.AllowedHosts), "HOSTS", "Host names that requests may ask for, * for any; needed to listen beyond this machine."),
        Setting("--allowed-origins", nameof(ServerOptions.AllowedOrigins), "ORIGINS", "Origins of other web pages whose scripts may call the APIs (default: none)."),
        Setting("--api-keys-file", nameof(ServerOptions.ApiKeysFile), "FILE", "One API key a line; then every caption needs one."),
        Setting("--threads", nameof(ServerOptions.Threads), "N", "Threads for the arithmetic; 0, the default, is one for each processor."),
        Setting("--dtype", nameof(ServerOptions.DType), "FORMAT", "Number format of the weights: auto, fp32, bf16, int8 or int4. auto, the default, is that of the model if it was converted to one, else fp32. int8 is the fastest and changes a few captions in a hundred."),
        Setting("--draft-tokens", nameof(ServerOptions.DraftTokens), "N", "Tokens of a lone picture's caption that are guessed ahead by earlier captions (default 5; 0: none): faster, and the same caption. 0 where nobody may learn from how long an answer takes what phrases others were given."),
        Setting("--max-batch", nameof(ServerOptions.MaxBatch), "N", "Pictures that go through the model together (default 8)."),
        Setting("--batch-delay-ms", nameof(ServerOptions.BatchDelayMs), "MS", "The longest that a free model waits for pictures that come together (default 4); one that comes alone starts at once."),
        Setting("--max-queue", nameof(ServerOptions.MaxQueue), "N", "Pictures accepted and not finished (default 64); beyond it: 429."),
        Setting("--max-requests", nameof(ServerOptions.MaxRequests), "N", "Requests at a time that may send a body (default 128); beyond it: 429."),
        Setting("--max-body-bytes", nameof(ServerOptions.MaxBodyBytes), "N", "Largest request body (default 20971520)."),
        Setting("--max-pixels", nameof(ServerOptions.MaxPixels), "N", "Most pixels of a picture (default 64000000)."),
        Setting("--max-images-per-request", nameof(ServerOptions.MaxImagesPerRequest), "N", "Most pictures of a request (default 16)."),
        Setting("--max-sequences", nameof(ServerOptions.MaxSequences), "N", "Most beams, or samples times beams, of a picture (default 16)."),
        Setting("--timeout-seconds", nameof(ServerOptions.TimeoutSeconds), "S", "Longest that a request may take after its body (default 60)."),
        Setting("--upload-seconds", nameof(ServerOptions.UploadSeconds), "S", "Longest that a body may take to arrive (default 30)."),
        Setting("--drain-seconds", nameof(ServerOptions.DrainSeconds), "S", "How long requests may finish when the server stops (default 30)."),
        Setting("--hugging-face-format", nameof(ServerOptions.HuggingFaceFormat), "list|object", "What POST / and /models/NAME answer by default (list)."),
        Setting("--log-format", nameof(ServerOptions.LogFormat), "text|json", "How log lines are written (text)."),
    ];

    private static readonly Option<bool> s_remote = new("--allow-remote-urls") { Description = "Fetch pictures from addresses that requests name, never from private ones." };

    /// <summary>Runs the server until it is told to stop.</summary>
    /// <returns>0 stopped as asked, 1 failed, 2 a command line that cannot be understood.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("Serves captions from one model: a page for people, APIs for programs. Each option can also be given as an environment variable, for instance Sightline__MaxQueue=32.");
        foreach (var option in s_options)
            root.Options.Add(option);
        root.Options.Add(s_remote);
        root.Directives.Clear();
        root.SetAction(async (result, cancellationToken) => await ServeAsync(Settings(result), cancellationToken));
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
                Say(error.Message);
            Say("'sightline-server --help' lists the options.");
            return WrongUsage;
        }

        return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    }

    /// <summary>The options of a command line as configuration.</summary>
    private static Dictionary<string, string?> Settings(ParseResult result)
    {
        var settings = new Dictionary<string, string?>();
        foreach (var option in s_options)
        {
            if (result.GetValue(option) is { } value)
                settings[$"{ServerOptions.Section}:{option.Name[2..].Replace("-", "", StringComparison.Ordinal)}"] = value;
        }

        if (result.GetValue(s_remote))
            settings[$"{ServerOptions.Section}:{nameof(ServerOptions.AllowRemoteUrls)}"] = "true";
        return settings;
    }

    /// <summary>Runs the server until it is told to stop.</summary>
    /// <returns>The exit code, as of <see cref="RunAsync"/>.</returns>
    public static async Task<int> ServeAsync(Dictionary<string, string?> settings, CancellationToken cancellationToken)
    {
        try
        {
            await using var app = CaptionServer.Build(settings);
            await app.RunAsync(cancellationToken);
            return Environment.ExitCode;
        }
        catch (OperationCanceledException) // told to stop before it listened
        {
            return Environment.ExitCode;
        }
        catch (OptionsValidationException e)
        {
            foreach (var failure in e.Failures)
                Say($"{failure}.");
            return WrongUsage;
        }
        catch (InvalidOperationException e) when (e.Source == "Microsoft.Extensions.Configuration.Binder")
        {
            Say(e.Message);
            return WrongUsage;
        }
        catch (IOException e) // the address is taken, a key file cannot be read
        {
            Say(e.Message);
            return Failed;
        }
    }

    private static Option<string?> Setting(string name, string property, string helpName, string description)
    {
        System.Diagnostics.Debug.Assert(string.Equals(name[2..].Replace("-", "", StringComparison.Ordinal), property, StringComparison.OrdinalIgnoreCase), name);
        return new(name) { HelpName = helpName, Description = description };
    }

    private static void Say(string line) => Console.Error.WriteLine($"sightline-server: {line.ReplaceLineEndings(" ")}");
}
