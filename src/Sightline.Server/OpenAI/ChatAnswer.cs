using System.Text;
using Sightline.Generation;
using Sightline.Server.Captioning;
using Sightline.Tokenization;

namespace Sightline.Server.OpenAI;

/// <summary>Turns caption results into what chat clients read.</summary>
internal sealed class ChatAnswer(ServedModel model, ChatRequest request)
{
    private readonly string _id = $"chatcmpl-{Guid.NewGuid():N}";
    private readonly long _created = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    private Gpt2Tokenizer Tokenizer => model.Ready.Tokenizer;

    /// <summary>The whole answer.</summary>
    public ChatCompletion Completion(CaptionResult result)
    {
        var warnings = result.Warnings.ToList();
        if (request.HasText)
            warnings.Add("The text of the messages was not read: this model only describes pictures.");
        return new ChatCompletion(
            _id, "chat.completion", _created, model.Name,
            [.. result.All.Select((caption, index) => new ChatChoice(index, new ChatMessage("assistant", caption.Text), Logprobs(result, caption, index, 0), FinishReasonOf(caption)))],
            Usage(result))
        {
            Warnings = warnings.Count > 0 ? warnings : null,
        };
    }

    /// <summary>A piece of the stream.</summary>
    public ChatChunk Chunk(int index, string? text, string? role = null, ChatLogprobs? logprobs = null, string? finish = null) =>
        new(_id, "chat.completion.chunk", _created, model.Name, [new ChatChunkChoice(index, new ChatDelta { Role = role, Content = text }, logprobs, finish)]);

    /// <summary>The last piece of the stream, where usage is asked for.</summary>
    public ChatChunk UsageChunk(CaptionResult result) => new(_id, "chat.completion.chunk", _created, model.Name, []) { Usage = Usage(result) };

    /// <summary>Log-probabilities of a caption's tokens from one on, without the end token; null where they were not asked for.</summary>
    public ChatLogprobs? Logprobs(CaptionResult result, Caption caption, int index, int from)
    {
        if (!request.LogProbabilities)
            return null;
        var count = caption.Tokens.Count - (caption.Finish == FinishReason.EndOfSequence ? 1 : 0);
        var top = index < result.TopTokens.Count ? result.TopTokens[index] : [];
        return new ChatLogprobs([.. Enumerable.Range(from, Math.Max(0, count - from)).Select(place =>
        {
            var token = caption.Tokens[place];
            return new ChatTokenLogprob(
                TextOf(token.Id), token.LogProbability, BytesOf(token.Id),
                place < top.Count ? [.. top[place].Select(chance => new ChatTopLogprob(TextOf(chance.Id), chance.LogProbability, BytesOf(chance.Id)))] : []);
        })]);
    }

    public static string FinishReasonOf(Caption caption) => caption.Finish == FinishReason.Length ? "length" : "stop";

    private ChatUsage Usage(CaptionResult result)
    {
        var encoder = model.Ready.Model.Config.Encoder;
        var side = encoder.ImageSize / encoder.PatchSize;
        var prompt = (side * side) + 1;
        var completion = result.All.Sum(caption => caption.Tokens.Count);
        return new ChatUsage(prompt, completion, prompt + completion);
    }

    private string TextOf(int id) => id < Tokenizer.VocabularySize ? Gpt2Tokenizer.TokenToString(Tokenizer.IdToToken(id)) : "";

    private List<int> BytesOf(int id) => [.. Encoding.UTF8.GetBytes(TextOf(id)).Select(value => (int)value)];
}
