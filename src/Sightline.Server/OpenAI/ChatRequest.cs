using System.Text.Json;
using System.Text.Json.Nodes;
using Sightline.Generation;
using Sightline.Server.Captioning;
using Sightline.Server.Endpoints;
using Sightline.Server.Errors;

namespace Sightline.Server.OpenAI;

/// <summary>A chat completion request, read key by key: what is not supported is refused by name.</summary>
internal sealed record ChatRequest
{
    private const int MostTopLogProbabilities = 20;

    // Only these values mean what this server does anyway.
    private static readonly Dictionary<string, Func<JsonNode, bool>> s_onlyValue = new()
    {
        ["frequency_penalty"] = IsZero,
        ["presence_penalty"] = IsZero,
        ["response_format"] = node => node is JsonObject format && format.Text("type") == "text",
        ["modalities"] = node => node is JsonArray { Count: 1 } list && list[0]?.GetValueKind() == JsonValueKind.String && list[0]!.GetValue<string>() == "text",
        ["store"] = node => node.GetValueKind() == JsonValueKind.False,
    };

    /// <summary>The model that is asked for.</summary>
    public required string Model { get; init; }

    /// <summary>The address of the one picture: a data URL, or an http address where allowed.</summary>
    public required string Picture { get; init; }

    /// <summary>Whether the messages hold text, which a captioner does not read.</summary>
    public required bool HasText { get; init; }

    /// <summary>Captions wanted.</summary>
    public int Choices { get; init; } = 1;

    /// <summary>Send the caption in pieces.</summary>
    public bool Stream { get; init; }

    /// <summary>End the stream with the usage.</summary>
    public bool IncludeUsage { get; init; }

    /// <summary>Report log-probabilities.</summary>
    public bool LogProbabilities { get; init; }

    /// <summary>Settings that the request gives.</summary>
    public required CaptionRequest Captions { get; init; }

    /// <summary>Reads a request body.</summary>
    /// <exception cref="ApiException">A part is missing, of the wrong type, or not supported.</exception>
    /// <exception cref="ConfigurationException">A generation option is not known or cannot be used.</exception>
    public static ChatRequest Read(JsonObject body)
    {
        var message = ChatPicture.Find(body.Array("messages"));
        var choices = body.Whole("n", 1, 128) ?? 1;
        var logProbabilities = body.Flag("logprobs") ?? false;
        var top = body.Whole("top_logprobs", 0, MostTopLogProbabilities) ?? 0;
        if (top > 0 && !logProbabilities)
            throw ApiException.Invalid("top_logprobs", "top_logprobs needs logprobs: true.");
        var streamOptions = body.Object("stream_options");
        if (streamOptions?.FirstOrDefault(pair => pair.Key is not "include_usage").Key is { } other)
            throw ApiException.Unsupported($"stream_options.{other}");
        return new ChatRequest
        {
            Model = body.Text("model") ?? throw ApiException.Invalid("model", "model is missing; GET /v1/models names it."),
            Picture = message.Url,
            HasText = message.HasText,
            Choices = choices,
            Stream = body.Flag("stream") ?? false,
            IncludeUsage = streamOptions?.Flag("include_usage") ?? false,
            LogProbabilities = logProbabilities,
            Captions = new CaptionRequest(ReadSettings(body, choices), top),
        };
    }

    private static GenerationOptions ReadSettings(JsonObject body, int choices)
    {
        var options = GenerationOptions.FromJson(Extensions(body), "request");
        var temperature = body.Number("temperature", 0, 2);
        var topP = body.Number("top_p", 0, 1);
        if (temperature == 0)
            options = options with { DoSample = false, Temperature = null };
        else if (temperature is not null || topP is not null)
            options = options with { DoSample = true, Temperature = temperature ?? 1, TopP = topP ?? 1, TopK = options.TopK ?? 0, NumBeams = options.NumBeams ?? 1 };
        var length = body.Whole("max_completion_tokens", 1, int.MaxValue) ?? body.Whole("max_tokens", 1, int.MaxValue);
        return options with
        {
            MaxNewTokens = length ?? options.MaxNewTokens,
            NumReturnSequences = choices,
            Seed = body.Number("seed", -(1L << 53), 1L << 53) is { } seed ? (long)seed : null,
        };
    }

    // Generation options by their Hugging Face names are welcome (num_beams, ...): the clients send what is in extra_body beside the rest.
    private static JsonObject Extensions(JsonObject body)
    {
        var rest = new JsonObject();
        foreach (var (name, value) in body)
        {
            switch (name)
            {
                case "model" or "messages" or "n" or "logprobs" or "top_logprobs" or "stream" or "stream_options":
                case "temperature" or "top_p" or "max_tokens" or "max_completion_tokens" or "seed":
                case "user" or "safety_identifier" or "metadata": // say who asks, not what is wanted; neither kept nor logged
                    break;
                case var _ when value is null:
                    break;
                case "num_return_sequences":
                    throw ApiException.Unsupported(name, "is called n here");
                case var _ when s_onlyValue.TryGetValue(name, out var isHarmless):
                    if (!isHarmless(value))
                        throw ApiException.Unsupported(name, $"is not supported with the value {Shorten(value.ToJsonString())}");
                    break;
                case var _ when !IsGenerationOption(name):
                    throw ApiException.Unsupported(name);
                default:
                    rest[name] = value.DeepClone();
                    break;
            }
        }

        return rest;
    }

    private static bool IsGenerationOption(string name)
    {
        try
        {
            GenerationOptions.FromJson(new JsonObject { [name] = null });
            return true;
        }
        catch (ConfigurationException)
        {
            return false;
        }
    }

    private static bool IsZero(JsonNode node) => node.GetValueKind() == JsonValueKind.Number && node.GetValue<double>() == 0;

    private static string Shorten(string text) => text.Length <= 60 ? text : text[..57] + "...";
}
