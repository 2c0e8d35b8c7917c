using System.Text.Json;
using System.Text.Json.Nodes;
using Sightline.IO;

namespace Sightline.Tokenization;

/// <summary>Reads tokenizer.json, the file of fast tokenizers, where it describes a byte-level BPE with GPT-2's pattern.</summary>
internal static class TokenizerJsonReader
{
    /// <exception cref="ConfigurationException">Not JSON, not such a tokenizer, or its parts do not fit.</exception>
    public static TokenizerData Read(string folder, string path, ReadOnlySpan<byte> utf8)
    {
        var parts = TokenizerReader.Guard(path, utf8, (ref Utf8JsonReader reader) => ReadRoot(ref reader, path));
        var vocabulary = parts.Vocabulary ?? throw new ConfigurationException($"{path}: model.vocab is missing.");
        var merges = parts.Merges ?? throw new ConfigurationException($"{path}: model.merges is missing.");
        if (parts.Other["normalizer"] is { } normalizer)
            throw new ConfigurationException($"{path}: it has a normalizer ({TokenizerReader.Shown(normalizer)}); GPT-2 has none.");
        var preTokenizer = parts.Other["pre_tokenizer"] as JsonObject;
        if (TypeOf(preTokenizer) != "ByteLevel" || !TokenizerReader.Flag(path, preTokenizer!, "use_regex", true))
            throw new ConfigurationException($"{path}: pre_tokenizer is {TokenizerReader.Shown(preTokenizer)}; ByteLevel with GPT-2's pattern was expected.");
        var processor = TypeOf(parts.Other["post_processor"]);
        if (processor is not (null or "ByteLevel") && !BeginsWithToken(parts.Other["post_processor"]))
            throw new ConfigurationException($"{path}: post_processor is {processor}; ByteLevel, or TemplateProcessing with a beginning token, was expected.");

        var added = new Dictionary<string, int>();
        var flagged = new Dictionary<string, AddedToken>();
        var special = new List<string>();
        if (parts.Other["added_tokens"] is { } list)
        {
            foreach (var item in list as JsonArray ?? throw new ConfigurationException($"{path}: added_tokens is {TokenizerReader.Shown(list)}; a list was expected."))
            {
                var description = TokenizerReader.AsObject(path, "an added token", item);
                var token = TokenizerReader.Token(path, "added_tokens", description);
                TokenizerReader.AddId(path, vocabulary, added, token.Content, TokenizerReader.Id(path, token.Content, description["id"]));
                flagged[token.Content] = token;
                if (TokenizerReader.Flag(path, description, "special", false))
                    special.Add(token.Content);
            }
        }

        return new TokenizerData
        {
            Source = folder,
            Vocabulary = vocabulary,
            Merges = new MergeRules(path, () => merges),
            Settings = new TokenizerSettings
            {
                AddPrefixSpace = TokenizerReader.Flag(path, preTokenizer!, "add_prefix_space", false),
                AddBosToken = processor == "TemplateProcessing",
                Style = TokenizerStyle.Transformers431,
            },
            Added = [.. added.OrderBy(p => p.Value)],
            Flagged = flagged,
            FlaggedSpecial = special,
        };
    }

    private static string? TypeOf(JsonNode? node) =>
        node is JsonObject o && o["type"] is JsonValue value && value.TryGetValue<string>(out var type) ? type : null;

    // [BOS] $A, what GPT2Converter writes for add_bos_token.
    private static bool BeginsWithToken(JsonNode? processor) =>
        TypeOf(processor) == "TemplateProcessing" && processor!["single"] is JsonArray { Count: 2 } single
        && single[0] is JsonObject first && first.ContainsKey("SpecialToken") && single[1] is JsonObject second && second.ContainsKey("Sequence");

    private sealed class Parts
    {
        public Vocabulary? Vocabulary { get; set; }

        public List<string>? Merges { get; set; }

        public JsonObject Other { get; } = [];
    }

    private static Parts ReadRoot(ref Utf8JsonReader reader, string path)
    {
        var parts = new Parts();
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new ConfigurationException($"{path}: the root is not a JSON object; is this the right file?");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (name == "model")
                ReadModel(ref reader, path, parts);
            else if (name is "added_tokens" or "normalizer" or "pre_tokenizer" or "post_processor")
                parts.Other[name] = ReadSmall(ref reader, path);
            else
                reader.Skip();
        }

        reader.Read();
        return parts;
    }

    private static void ReadModel(ref Utf8JsonReader reader, string path, Parts parts)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new ConfigurationException($"{path}: model is not an object.");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (name == "vocab")
                parts.Vocabulary = Vocabulary.Read(ref reader, path);
            else if (name == "merges")
                parts.Merges = ReadMerges(ref reader, path);
            else
                CheckModel(path, name, ReadSmall(ref reader, path));
        }
    }

    // Anything else that would change the ids is refused; dropout acts in training only.
    private static void CheckModel(string path, string name, JsonNode? node)
    {
        var text = node is JsonValue value && value.TryGetValue<string>(out var s) ? s : null;
        var fits = name switch
        {
            "type" => text == "BPE",
            "continuing_subword_prefix" or "end_of_word_suffix" => node is null || text == "",
            "byte_fallback" or "ignore_merges" => node is null || (node is JsonValue flag && flag.TryGetValue<bool>(out var on) && !on),
            _ => true,
        };
        if (!fits)
            throw new ConfigurationException($"{path}: model.{name} is {TokenizerReader.Shown(node)}; GPT-2's byte-level BPE does not have that.");
    }

    private static List<string> ReadMerges(ref Utf8JsonReader reader, string path)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new ConfigurationException($"{path}: model.merges is not a list.");
        var merges = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.String)
                merges.Add(reader.GetString()!);
            else
                merges.Add(ReadPair(ref reader, path, merges.Count + 1));
        }

        return merges;
    }

    private static string ReadPair(ref Utf8JsonReader reader, string path, int number)
    {
        string? Next(ref Utf8JsonReader r) => r.Read() && r.TokenType == JsonTokenType.String ? r.GetString() : null;
        if (reader.TokenType == JsonTokenType.StartArray && Next(ref reader) is { } left && Next(ref reader) is { } right
            && reader.Read() && reader.TokenType == JsonTokenType.EndArray)
            return left + " " + right;
        throw new ConfigurationException($"{path}: merge {number} is neither \"a b\" nor [\"a\", \"b\"].");
    }

    private static JsonNode? ReadSmall(ref Utf8JsonReader reader, string path)
    {
        using var element = JsonDocument.ParseValue(ref reader);
        return JsonFile.Parse(path, System.Text.Encoding.UTF8.GetBytes(element.RootElement.GetRawText()));
    }
}
