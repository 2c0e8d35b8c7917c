using System.Runtime.CompilerServices;
using System.Text.Json;
using Sightline.Server.Captioning;
using Sightline.Tokenization;

namespace Sightline.Server.OpenAI;

/// <summary>A caption as server-sent events: pieces as the words are found in greedy search and sampling, whole sentences in beam search.</summary>
internal static class ChatStream
{
    /// <summary>The events' data, ended by <c>[DONE]</c>.</summary>
    public static async IAsyncEnumerable<string> RunAsync(
        CaptionStream stream, ChatRequest request, ChatAnswer answer, Gpt2Tokenizer tokenizer, JsonSerializerOptions json, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string Event(ChatChunk chunk) => JsonSerializer.Serialize(chunk, json);

        var decoders = Enumerable.Range(0, request.Choices).Select(_ => tokenizer.CreateStreamingDecoder()).ToArray();
        var sent = new int[request.Choices];
        for (var index = 0; index < request.Choices; index++)
            yield return Event(answer.Chunk(index, "", role: "assistant"));
        if (!request.LogProbabilities) // with them, the words wait: they are known when the caption is whole
        {
            await foreach (var token in stream.Tokens.ReadAllAsync(cancellationToken))
            {
                sent[token.Sequence]++;
                var text = decoders[token.Sequence].Push(token.Id);
                if (text.Length > 0)
                    yield return Event(answer.Chunk(token.Sequence, text));
            }
        }

        var result = await stream.Result.WaitAsync(cancellationToken);
        foreach (var (caption, index) in result.All.Select((caption, index) => (caption, index)))
        {
            var rest = decoders[index].Push([.. caption.TokenIds.Skip(sent[index])]) + decoders[index].Finish();
            if (rest.Length > 0)
                yield return Event(answer.Chunk(index, rest, logprobs: answer.Logprobs(result, caption, index, sent[index])));
            yield return Event(answer.Chunk(index, null, finish: ChatAnswer.FinishReasonOf(caption)));
        }

        if (request.IncludeUsage)
            yield return Event(answer.UsageChunk(result));
        yield return "[DONE]";
    }
}
