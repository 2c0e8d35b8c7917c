using System.Text;
using System.Text.Json.Nodes;

namespace Sightline.Tests.Hub;

/// <summary>What the server sends.</summary>
internal sealed record HubAnswer(int Status)
{
    public Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);

    public byte[] Body { get; init; } = [];

    /// <summary>Breaks the connection after this many bytes of the body.</summary>
    public int? CutAfter { get; init; }

    /// <summary>Sends the body again and again, without ever announcing a length.</summary>
    public bool IsEndless { get; init; }

    public static HubAnswer Json(JsonNode json) => new HubAnswer(200) { Body = Encoding.UTF8.GetBytes(json.ToJsonString()) }.With("Content-Type", "application/json");

    public static HubAnswer Error(int status, string? code, string message)
    {
        var answer = new HubAnswer(status) { Body = Encoding.UTF8.GetBytes($$"""{"error":"{{message}}"}""") }.With("X-Error-Message", message);
        return code is null ? answer : answer.With("X-Error-Code", code);
    }

    public HubAnswer With(string name, string value)
    {
        Headers[name] = value;
        return this;
    }

    public HubAnswer Without(string name)
    {
        Headers.Remove(name);
        return this;
    }
}
