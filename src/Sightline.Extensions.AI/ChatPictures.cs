using Microsoft.Extensions.AI;

namespace Sightline.Extensions.AI;

/// <summary>Finds the one picture of a conversation.</summary>
internal static class ChatPictures
{
    public static ImageInput Find(IEnumerable<ChatMessage> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var pictures = new List<DataContent>();
        foreach (var content in messages.SelectMany(message => message.Contents))
        {
            if (content is UriContent uri)
                throw new ConfigurationException($"chat: a picture is given by its address ({uri.Uri.Scheme}:...), and nothing is fetched; give its bytes as DataContent.");
            if (content is DataContent data)
                pictures.Add(data.HasTopLevelMediaType("image") ? data : throw new ConfigurationException($"chat: the content is {data.MediaType}; a picture (image/*) was expected."));
        }

        return pictures.Count == 1
            ? ImageInput.FromBytes(pictures[0].Data, pictures[0].Name ?? "picture")
            : throw new ConfigurationException($"chat: the messages hold {(pictures.Count == 0 ? "no picture" : $"{pictures.Count} pictures")}; exactly one was expected, as DataContent.");
    }
}
