using Sightline.Hub;

namespace Sightline.Cli.Models;

/// <summary>Reads names of the hub from the command line.</summary>
internal static class HubNames
{
    /// <exception cref="UsageException">The text is no name.</exception>
    public static HubModelName Parse(string text) => HubModelName.TryParse(text, out var name)
        ? name
        : throw new UsageException($"'{text}' is no name of the hub; owner/name or owner/name@revision was expected.");
}
