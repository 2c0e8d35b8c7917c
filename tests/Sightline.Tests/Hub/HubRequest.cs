using System.Globalization;

namespace Sightline.Tests.Hub;

/// <summary>A request that reached the server.</summary>
internal sealed record HubRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers, bool IsStorage, DateTime Time)
{
    /// <summary>The last part of the path: the file that is asked for, or its name in the storage's address.</summary>
    public string File => IsStorage ? Path.Split("name=")[^1].Split('&')[0] : Uri.UnescapeDataString(Path.Split('/')[^1]);

    /// <summary>The first byte of the range that is asked for; null: all.</summary>
    public int? RangeStart => Header("Range") is { } range ? int.Parse(range.Split('=', '-')[1], CultureInfo.InvariantCulture) : null;

    public string? Header(string name) => Headers.GetValueOrDefault(name);

    public static HubRequest Parse(string text, bool isStorage)
    {
        var lines = text.Split("\r\n");
        var first = lines[0].Split(' ');
        var headers = lines.Skip(1).Where(line => line.Contains(':', StringComparison.Ordinal)).Select(line => line.Split(':', 2)).ToDictionary(pair => pair[0], pair => pair[1].Trim(), StringComparer.OrdinalIgnoreCase);
        return new HubRequest(first[0], first[1], headers, isStorage, DateTime.UtcNow);
    }
}
