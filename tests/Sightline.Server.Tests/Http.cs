using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Sightline.Server.Tests;

/// <summary>Requests as clients send them.</summary>
internal static class Http
{
    public static async Task<(int Status, JsonNode Body)> AskAsync(this HttpClient client, string path, HttpContent content)
    {
        using var response = await client.PostAsync(path, content);
        return ((int)response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    public static ByteArrayContent Raw(byte[] bytes, string? type = "image/png")
    {
        var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = type is null ? null : new MediaTypeHeaderValue(type);
        return content;
    }

    public static StringContent Json(string json) => new(json, Encoding.UTF8, "application/json");

    public static StringContent Json(JsonNode json) => Json(json.ToJsonString());

    public static MultipartFormDataContent Form(params (string Name, byte[] Bytes)[] files)
    {
        var form = new MultipartFormDataContent();
        foreach (var (name, bytes) in files)
            form.Add(Raw(bytes), "pictures", name);
        return form;
    }

    public static JsonObject Chat(byte[] picture, string more = "{}")
    {
        var body = JsonNode.Parse(more)!.AsObject();
        body["model"] ??= "t-base";
        body["messages"] ??= JsonNode.Parse($$$"""[{"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,{{{Convert.ToBase64String(picture)}}}" }}]}]""");
        return body;
    }
}
