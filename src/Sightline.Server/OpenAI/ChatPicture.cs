using System.Text.Json;
using System.Text.Json.Nodes;
using Sightline.Server.Endpoints;
using Sightline.Server.Errors;

namespace Sightline.Server.OpenAI;

/// <summary>The one picture of a conversation.</summary>
/// <param name="Url">Its address.</param>
/// <param name="HasText">Whether there is text beside it.</param>
internal readonly record struct ChatPicture(string Url, bool HasText)
{
    /// <summary>Finds the picture among the messages.</summary>
    /// <exception cref="ApiException">None, several, or a message that is not one.</exception>
    public static ChatPicture Find(JsonArray? messages)
    {
        if (messages is null or { Count: 0 })
            throw ApiException.Invalid("messages", "messages is missing; a user message with one image_url was expected.");
        var urls = new List<string>();
        var hasText = false;
        for (var i = 0; i < messages.Count; i++)
        {
            var where = $"messages[{i}]";
            var message = messages[i] as JsonObject ?? throw ApiException.Invalid(where, $"{where} must be an object.");
            if (message.Text("role") is not ("system" or "developer" or "user" or "assistant"))
                throw ApiException.Invalid($"{where}.role", $"{where}.role must be system, developer, user or assistant.");
            if (message["content"] is JsonArray parts)
                hasText |= ReadParts(parts, $"{where}.content", urls);
            else if (message["content"]?.GetValueKind() == JsonValueKind.String)
                hasText = true;
            else
                throw ApiException.Invalid($"{where}.content", $"{where}.content must be a string or a list.");
        }

        return urls.Count == 1
            ? new ChatPicture(urls[0], hasText)
            : throw ApiException.Invalid("messages", $"messages hold {(urls.Count == 0 ? "no picture" : $"{urls.Count} pictures")}; exactly one image_url was expected.");
    }

    private static bool ReadParts(JsonArray parts, string where, List<string> urls)
    {
        var hasText = false;
        for (var i = 0; i < parts.Count; i++)
        {
            var name = $"{where}[{i}]";
            var part = parts[i] as JsonObject ?? throw ApiException.Invalid(name, $"{name} must be an object.");
            switch (part.Text("type"))
            {
                case "text":
                    hasText = true;
                    break;
                case "image_url":
                    var image = part.Object("image_url") ?? throw ApiException.Invalid($"{name}.image_url", $"{name}.image_url is missing.");
                    if (image.Text("detail") is not (null or "auto" or "low" or "high"))
                        throw ApiException.Invalid($"{name}.image_url.detail", $"{name}.image_url.detail must be auto, low or high; the model's picture size is the same for each.");
                    urls.Add(image.Text("url") ?? throw ApiException.Invalid($"{name}.image_url.url", $"{name}.image_url.url is missing."));
                    break;
                default:
                    throw ApiException.Invalid($"{name}.type", $"{name}.type must be text or image_url.");
            }
        }

        return hasText;
    }
}
