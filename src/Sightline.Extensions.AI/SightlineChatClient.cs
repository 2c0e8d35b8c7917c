using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Sightline.Generation;

namespace Sightline.Extensions.AI;

/// <summary>
/// A captioner as an <see cref="IChatClient"/>: the conversation holds one picture as <see cref="DataContent"/>, the answer is its caption. Text in
/// the messages is not read: the model only describes pictures. Nothing is fetched: <see cref="UriContent"/> is refused unless it is a data address.
/// </summary>
/// <remarks>
/// <see cref="ChatOptions"/>: <c>Temperature</c> above 0 and <c>TopP</c> sample, <c>TopK</c>, <c>Seed</c> and <c>MaxOutputTokens</c> count; generation options by their
/// Hugging Face names come in <c>AdditionalProperties</c> (numbers, true or false). What else is set and would change the answer is refused by name.
/// The answer's <c>AdditionalProperties</c> hold <see cref="ScoreKey"/>, <see cref="TokensKey"/> and <see cref="AlternativesKey"/>.
/// </remarks>
public sealed class SightlineChatClient : IChatClient
{
    /// <summary>Key of the caption's <see cref="Caption.Score"/>, a <see cref="double"/>.</summary>
    public const string ScoreKey = "score";

    /// <summary>Key of the caption's tokens with their log-probabilities, an <c>IReadOnlyList&lt;CaptionToken&gt;</c>.</summary>
    public const string TokensKey = "tokens";

    /// <summary>Key of the other captions where several were asked for, an <c>IReadOnlyList&lt;Caption&gt;</c>.</summary>
    public const string AlternativesKey = "alternatives";

    private readonly Captioner _captioner;
    private readonly bool _owned;
    private readonly ChatClientMetadata _metadata;

    /// <summary>Makes a client of a captioner.</summary>
    /// <param name="captioner">The captioner.</param>
    /// <param name="modelId">What answers call the model.</param>
    /// <param name="leaveOpen">Whether the captioner outlives the client.</param>
    public SightlineChatClient(Captioner captioner, string? modelId = null, bool leaveOpen = true)
    {
        ArgumentNullException.ThrowIfNull(captioner);
        _captioner = captioner;
        _owned = !leaveOpen;
        _metadata = new ChatClientMetadata("sightline", defaultModelId: modelId);
    }

    /// <summary>Captions the picture of the conversation.</summary>
    /// <exception cref="ImageDecodeException">The picture cannot be decoded.</exception>
    /// <exception cref="ConfigurationException">No picture or several, or options that cannot be used.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, which is checked between tokens.</exception>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var caption = await _captioner.DescribeAsync(ChatPictures.Find(messages), ChatSettings.Read(options), cancellationToken).ConfigureAwait(false);
        return new ChatResponse(new ChatMessage(ChatRole.Assistant, caption.Text))
        {
            ModelId = _metadata.DefaultModelId,
            FinishReason = FinishOf(caption.Finish),
            RawRepresentation = caption,
            AdditionalProperties = new AdditionalPropertiesDictionary
            {
                [ScoreKey] = caption.Score,
                [TokensKey] = caption.Tokens,
                [AlternativesKey] = caption.Alternatives,
            },
        };
    }

    /// <summary>Captions the picture of the conversation, word by word. Beam search knows its words only at the end, and gives them at once.</summary>
    /// <inheritdoc cref="GetResponseAsync" path="/exception"/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var settings = _captioner.Complete(ChatSettings.Read(options));
        if (settings.NumBeams is > 1 || settings.NumReturnSequences is > 1)
        {
            var response = await GetResponseAsync(messages, options, cancellationToken).ConfigureAwait(false);
            foreach (var update in response.ToChatResponseUpdates())
                yield return update;
            yield break;
        }

        await foreach (var token in _captioner.DescribeStreamAsync(ChatPictures.Find(messages), settings, cancellationToken).ConfigureAwait(false))
        {
            if (token.Text.Length > 0)
                yield return new ChatResponseUpdate(ChatRole.Assistant, token.Text) { ModelId = _metadata.DefaultModelId };
        }
    }

    /// <summary>Gives the client itself, its metadata, or the captioner.</summary>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null)
            return null;
        return serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType.IsInstanceOfType(this) ? this
            : serviceType.IsInstanceOfType(_captioner) ? _captioner
            : null;
    }

    /// <summary>Lets the captioner go, if the client owns it.</summary>
    public void Dispose()
    {
        if (_owned)
            _captioner.Dispose();
    }

    private static ChatFinishReason FinishOf(FinishReason finish) => finish == FinishReason.Length ? ChatFinishReason.Length : ChatFinishReason.Stop;
}
