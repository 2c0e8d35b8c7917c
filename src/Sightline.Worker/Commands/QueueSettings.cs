using System.CommandLine;
using Sightline.Worker.Queue;

namespace Sightline.Worker.Commands;

/// <summary>The options of every verb that say where the queue is.</summary>
internal sealed class QueueSettings
{
    private const string Variable = "NATS_URL";
    private readonly Option<string?> _url = new("--url") { Description = $"The NATS server (default: {Variable}, else {new QueueOptions().Url}).", HelpName = "URL" };
    private readonly Option<string?> _name = new("--queue") { Description = $"Name of the queue (default {new QueueOptions().Name}); begins the names of its streams.", HelpName = "NAME" };

    /// <summary>Pictures' paths are relative to it.</summary>
    public Option<string?> Root { get; } = new("--root") { Description = "The folder that paths of jobs are relative to and may not leave (default: the current one).", HelpName = "DIR" };

    /// <summary>Gives a verb the options.</summary>
    public void AddTo(Command verb)
    {
        verb.Add(_url);
        verb.Add(_name);
    }

    /// <summary>What the command line says.</summary>
    /// <exception cref="ConfigurationException">A value is out of its range.</exception>
    public QueueOptions Read(ParseResult result)
    {
        var defaults = new QueueOptions();
        var options = defaults with
        {
            Url = result.GetValue(_url) ?? (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } url ? url : defaults.Url),
            Name = result.GetValue(_name) ?? defaults.Name,
        };
        options.Validate();
        return options;
    }
}
