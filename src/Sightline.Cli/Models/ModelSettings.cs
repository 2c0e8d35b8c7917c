using System.CommandLine;
using System.CommandLine.Parsing;
using Sightline.Cli.Output;
using Sightline.Hub;

namespace Sightline.Cli.Models;

/// <summary>The options that say which model a verb works with, and the way from a name to its folder.</summary>
internal sealed class ModelSettings
{
    /// <summary>What takes the place of a name in help texts.</summary>
    public const string HelpName = "MODEL";

    private readonly Option<string?> _model = new("--model", "-m")
    {
        Description = $"The model's folder, as Hugging Face lays it out, or owner/name[@revision] of the hub; without it, {ModelSource.Variable} counts.",
        HelpName = HelpName,
    };

    /// <summary><c>--offline</c>, for verbs that take the model as an argument.</summary>
    public static Option<bool> CreateOffline() => new("--offline") { Description = "Use models of the hub from the cache alone; HF_HUB_OFFLINE=1 does so for good." };

    /// <summary>Gives a verb <c>--model</c> and <c>--offline</c>.</summary>
    public void AddTo(Command verb)
    {
        verb.Add(_model);
        verb.Add(Offline);
        verb.Validators.Add(Check);
    }

    private Option<bool> Offline { get; } = CreateOffline();

    /// <summary>The folder of the model that the command line or the environment names, fetched if it must be.</summary>
    public Task<string> LocateAsync(ParseResult result, Terminal terminal, CancellationToken cancellationToken) =>
        LocateAsync(result.GetValue(_model), result.GetValue(Offline), terminal, cancellationToken);

    /// <summary>The folder of a model, fetched if it must be.</summary>
    public static async Task<string> LocateAsync(string? model, bool offline, Terminal terminal, CancellationToken cancellationToken)
    {
        var hub = Hub(offline);
        return ModelSource.Find(model, out var missing, options: hub) ?? await PullAsync(missing!, hub, terminal, cancellationToken);
    }

    /// <summary>Fetches a model, and says how far it is.</summary>
    public static async Task<string> PullAsync(HubModelName name, HubOptions hub, Terminal terminal, CancellationToken cancellationToken)
    {
        terminal.WriteError($"sightline: fetching {name} from {new Uri(hub.Endpoint).Authority}.");
        var folder = "";
        await ProgressBar.RunDownloadAsync(terminal, name.ToString(), async bar => folder = await ModelSource.PullAsync(name, options: hub, progress: new DownloadLines(terminal, bar), cancellationToken: cancellationToken));
        return folder;
    }

    /// <summary>What the environment says of the hub.</summary>
    public static HubOptions Hub(bool offline)
    {
        var hub = HubOptions.FromEnvironment();
        return offline ? hub with { Offline = true } : hub;
    }

    private void Check(CommandResult result)
    {
        if (result.GetResult(_model) is null && string.IsNullOrEmpty(Environment.GetEnvironmentVariable(ModelSource.Variable)))
            result.AddError($"--model is missing; {ModelSource.HowTo}, or set {ModelSource.Variable}.");
    }
}
