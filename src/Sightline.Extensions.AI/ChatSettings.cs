using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using Sightline.Generation;

namespace Sightline.Extensions.AI;

/// <summary>Turns chat options into generation options.</summary>
internal static class ChatSettings
{
    public static GenerationOptions Read(ChatOptions? options)
    {
        if (options is null)
            return new GenerationOptions();
        Refuse(options);
        var settings = GenerationOptions.FromJson(Named(options.AdditionalProperties), "chat options");
        if (options.Temperature == 0)
            settings = settings with { DoSample = false };
        else if (options.Temperature is not null || options.TopP is not null || options.TopK is not null)
            settings = settings with { DoSample = true, Temperature = options.Temperature ?? 1, TopP = options.TopP ?? 1, TopK = options.TopK ?? 0, NumBeams = settings.NumBeams ?? 1 };
        return settings with { MaxNewTokens = options.MaxOutputTokens ?? settings.MaxNewTokens, Seed = options.Seed ?? settings.Seed };
    }

    private static void Refuse(ChatOptions options)
    {
        var unsupported = new List<string>();
        void Check(bool isSet, string name)
        {
            if (isSet)
                unsupported.Add(name);
        }

        Check(options.FrequencyPenalty is not (null or 0), nameof(options.FrequencyPenalty));
        Check(options.PresencePenalty is not (null or 0), nameof(options.PresencePenalty));
        Check(options.StopSequences?.Count > 0, nameof(options.StopSequences));
        Check(options.Tools?.Count > 0, nameof(options.Tools));
        Check(options.ResponseFormat is not (null or ChatResponseFormatText), nameof(options.ResponseFormat));
        if (unsupported.Count > 0)
            throw new ConfigurationException($"chat options: not supported: {string.Join(", ", unsupported)}.");
    }

    private static JsonObject Named(AdditionalPropertiesDictionary? properties) => new((properties ?? []).Select(pair => KeyValuePair.Create(pair.Key, pair.Value switch
    {
        null => null,
        bool value => (JsonNode?)value,
        int value => value,
        long value => value,
        float value => (double)value,
        double value => value,
        string value => value,
        JsonNode value => value.DeepClone(),
        _ => throw new ConfigurationException($"chat options: {pair.Key} is a {pair.Value.GetType().Name}; a number, true, false or a JSON node was expected."),
    })));
}
