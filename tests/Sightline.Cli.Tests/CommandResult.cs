using System.Text.Json.Nodes;
using Xunit;

namespace Sightline.Cli.Tests;

/// <summary>What a run of the command gave.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Error)
{
    /// <summary>The lines of the standard output; every one ends with a line feed.</summary>
    public string[] Lines => Split(Output);

    /// <summary>The lines of the standard error stream.</summary>
    public string[] ErrorLines => Split(Error);

    /// <summary>The lines of the standard output as JSON objects.</summary>
    public JsonObject[] Json => [.. Lines.Select(line => JsonNode.Parse(line)!.AsObject())];

    private static string[] Split(string text)
    {
        if (text.Length == 0)
            return [];
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        return text[..^1].Split('\n');
    }
}
