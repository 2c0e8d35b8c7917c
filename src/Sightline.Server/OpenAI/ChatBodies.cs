using System.Text.Json.Serialization;

namespace Sightline.Server.OpenAI;

/// <summary>A chat completion, whole.</summary>
internal sealed record ChatCompletion(string Id, string Object, long Created, string Model, IReadOnlyList<ChatChoice> Choices, ChatUsage Usage)
{
    /// <summary>Sightline's addition: what makes the captions doubtful, and what of the request was not read.</summary>
    public IReadOnlyList<string>? Warnings { get; init; }
}

/// <summary>One caption.</summary>
internal sealed record ChatChoice(int Index, ChatMessage Message, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] ChatLogprobs? Logprobs, string FinishReason);

/// <summary>The assistant's words.</summary>
internal sealed record ChatMessage(string Role, string Content)
{
    /// <summary>Always null: a captioner does not refuse.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Refusal { get; init; }
}

/// <summary>Log-probabilities of the tokens.</summary>
internal sealed record ChatLogprobs(IReadOnlyList<ChatTokenLogprob> Content);

/// <summary>A token, its log-probability and its bytes, and the likeliest tokens in its place.</summary>
internal sealed record ChatTokenLogprob(string Token, float Logprob, IReadOnlyList<int> Bytes, IReadOnlyList<ChatTopLogprob> TopLogprobs);

/// <summary>A token that was likely in a place.</summary>
internal sealed record ChatTopLogprob(string Token, float Logprob, IReadOnlyList<int> Bytes);

/// <summary>Tokens counted: the prompt's are the positions that the encoder makes of the picture.</summary>
internal sealed record ChatUsage(int PromptTokens, int CompletionTokens, int TotalTokens);

/// <summary>A piece of a stream.</summary>
internal sealed record ChatChunk(string Id, string Object, long Created, string Model, IReadOnlyList<ChatChunkChoice> Choices)
{
    /// <summary>In the last piece, where it was asked for.</summary>
    public ChatUsage? Usage { get; init; }
}

/// <summary>What a piece adds to one caption.</summary>
internal sealed record ChatChunkChoice(
    int Index,
    ChatDelta Delta,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] ChatLogprobs? Logprobs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? FinishReason);

/// <summary>Added words.</summary>
internal sealed record ChatDelta
{
    public string? Role { get; init; }

    public string? Content { get; init; }
}
