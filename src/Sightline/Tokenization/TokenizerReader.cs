using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sightline.IO;

namespace Sightline.Tokenization;

/// <summary>Reads the tokenizer files of a folder, from the oldest layout (vocab.json, merges.txt) to the newest (tokenizer.json only).</summary>
internal static class TokenizerReader
{
    public const string VocabularyFile = "vocab.json";
    public const string MergesFile = "merges.txt";
    public const string AddedTokensFile = "added_tokens.json";
    public const string SpecialTokensFile = "special_tokens_map.json";
    public const string ConfigFile = "tokenizer_config.json";
    public const string SingleFile = "tokenizer.json";

    private const int MaxAddedTokens = 10_000;
    private const string EndOfText = "<|endoftext|>";

    // What a GPT-2 tokenizer calls itself; 5.x writes TokenizersBackend.
    private static readonly string[] s_classes =
        ["GPT2Tokenizer", "GPT2TokenizerFast", "PreTrainedTokenizer", "PreTrainedTokenizerFast", "TokenizersBackend"];

    /// <exception cref="ConfigurationException">A file is missing, damaged or contradicts another.</exception>
    public static TokenizerData Read(string folder)
    {
        string At(string name) => Path.Combine(folder, name);
        var data = (File.Exists(At(VocabularyFile)), File.Exists(At(MergesFile)), File.Exists(At(SingleFile))) switch
        {
            (true, true, _) => ReadPair(folder, At(VocabularyFile), At(MergesFile)),
            (_, _, true) => TokenizerJsonReader.Read(folder, At(SingleFile), ReadBytes(At(SingleFile))),
            (true, false, _) => throw new ConfigurationException($"{folder}: {VocabularyFile} is there but {MergesFile} is not; both, or {SingleFile}, are needed."),
            (false, true, _) => throw new ConfigurationException($"{folder}: {MergesFile} is there but {VocabularyFile} is not; both, or {SingleFile}, are needed."),
            _ => throw new ConfigurationException($"{folder}: no tokenizer: neither {VocabularyFile} and {MergesFile} nor {SingleFile} is there. Copy the tokenizer files of the decoder into the folder."),
        };

        var configPath = At(ConfigFile);
        var config = new JsonObject();
        if (File.Exists(configPath))
        {
            var bytes = ReadBytes(configPath);
            config = AsObject(configPath, "the root", JsonFile.Parse(configPath, bytes));
            // 4.17 writes one line; every later version indents.
            data = data with { Settings = data.Settings with { Style = bytes.Contains((byte)'\n') ? TokenizerStyle.Transformers431 : TokenizerStyle.Transformers417 } };
        }

        data = data with { Settings = Settings(configPath, config, data.Settings), Special = Specials(configPath, config, FromConfig(new SpecialTokens(), config), fromConfig: true) };
        var added = data.Added.ToDictionary(p => p.Key, p => p.Value);
        var flagged = data.Flagged.ToDictionary(p => p.Key, p => p.Value);
        var flaggedSpecial = data.FlaggedSpecial.ToList();
        if (File.Exists(At(SpecialTokensFile)))
            data = data with { Special = Specials(At(SpecialTokensFile), JsonFile.ReadObject(At(SpecialTokensFile)), data.Special, fromConfig: false) };
        if (config["added_tokens_decoder"] is { } decoder)
            ReadDecoder(configPath, decoder, data.Vocabulary, added, flagged, flaggedSpecial);
        if (File.Exists(At(AddedTokensFile)))
        {
            foreach (var (content, node) in JsonFile.ReadObject(At(AddedTokensFile)))
                AddId(At(AddedTokensFile), data.Vocabulary, added, content, Id(At(AddedTokensFile), content, node));
        }

        if (added.Count + data.Special.Additional.Count > MaxAddedTokens)
            throw new ConfigurationException($"{folder}: {added.Count} added and {data.Special.Additional.Count} additional special tokens; at most {MaxAddedTokens} are read.");
        data = data with { Added = [.. added.OrderBy(p => p.Value)], Flagged = flagged, FlaggedSpecial = flaggedSpecial };
        return data.WithIdsForSpecialTokens();
    }

    /// <summary>Notes the id of an added token, unless the vocabulary has the token with that id already.</summary>
    public static void AddId(string source, Vocabulary vocabulary, Dictionary<string, int> added, string content, int id)
    {
        if (content.Length == 0)
            throw new ConfigurationException($"{source}: the added token with id {id} is empty.");
        if (vocabulary.IdOf(content) is { } known && known != id)
            throw new ConfigurationException($"{source}: the added token {Vocabulary.Quote(content)} has the id {id}, but {known} in the vocabulary.");
        if (vocabulary.TokenOf(id) is { } other && other != content)
            throw new ConfigurationException($"{source}: the added token {Vocabulary.Quote(content)} has the id {id}, which the vocabulary gives to {Vocabulary.Quote(other)}.");
        if (vocabulary.TokenOf(id) is not null)
            return;
        if (added.TryGetValue(content, out var before) && before != id)
            throw new ConfigurationException($"{source}: the added token {Vocabulary.Quote(content)} has the ids {before} and {id}.");
        if (added.FirstOrDefault(p => p.Value == id && p.Key != content).Key is { } twin)
            throw new ConfigurationException($"{source}: the added tokens {Vocabulary.Quote(twin)} and {Vocabulary.Quote(content)} both have the id {id}.");
        added[content] = id;
        if (added.Count > MaxAddedTokens)
            throw new ConfigurationException($"{source}: more than {MaxAddedTokens} added tokens.");
    }

    /// <summary>A token as its full description (<c>{"content": …, "lstrip": …}</c>) or as a bare string.</summary>
    public static AddedToken Token(string source, string name, JsonNode? node)
    {
        if (node is JsonValue value && value.TryGetValue<string>(out var plain))
            return AddedToken.Plain(plain);
        if (node is not JsonObject o)
            throw new ConfigurationException($"{source}: {name} is {Shown(node)}; a string or a token description was expected.");
        return new AddedToken(Text(source, name + ".content", o["content"]))
        {
            LeftStrip = Flag(source, o, "lstrip", false),
            RightStrip = Flag(source, o, "rstrip", false),
            SingleWord = Flag(source, o, "single_word", false),
            Normalized = Flag(source, o, "normalized", true),
        };
    }

    /// <summary>A truth value of an object, or the default where it is absent or null.</summary>
    public static bool Flag(string source, JsonObject o, string key, bool absent) => o[key] switch
    {
        null => absent,
        JsonValue value when value.TryGetValue<bool>(out var flag) => flag,
        var other => throw new ConfigurationException($"{source}: {key} is {Shown(other)}; true or false was expected."),
    };

    /// <summary>A value for a message, cut after 40 characters.</summary>
    public static string Shown(JsonNode? node)
    {
        var text = PythonJson.Serialize(node, indent: -1);
        return text.Length > 40 ? text[..40] + "…" : text;
    }

    public static JsonObject AsObject(string source, string name, JsonNode? node) =>
        node as JsonObject ?? throw new ConfigurationException($"{source}: {name} is {Shown(node)}; an object was expected.");

    /// <summary>A whole number that can be an id.</summary>
    public static int Id(string source, string token, JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<int>(out var id) && id is >= 0 and < Vocabulary.IdLimit
            ? id
            : throw new ConfigurationException($"{source}: the id of token {Vocabulary.Quote(token)} is {Shown(node)}; a whole number from 0 to {Vocabulary.IdLimit - 1} was expected.");

    private static TokenizerData ReadPair(string folder, string vocabularyPath, string mergesPath) => new()
    {
        Source = folder,
        Vocabulary = ReadVocabulary(vocabularyPath, ReadBytes(vocabularyPath)),
        Merges = MergeRules.FromText(mergesPath, ReadBytes(mergesPath)),
    };

    private static Vocabulary ReadVocabulary(string path, ReadOnlySpan<byte> utf8) => Guard(path, utf8, (ref Utf8JsonReader reader) =>
    {
        reader.Read();
        var vocabulary = Vocabulary.Read(ref reader, path);
        reader.Read();
        return vocabulary;
    });

    internal delegate T ReadJson<T>(ref Utf8JsonReader reader);

    /// <summary>Runs a streaming read and turns what System.Text.Json throws into one line.</summary>
    internal static T Guard<T>(string source, ReadOnlySpan<byte> utf8, ReadJson<T> read)
    {
        if (utf8.StartsWith("\uFEFF"u8))
            utf8 = utf8[3..];
        try
        {
            var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = 64 });
            return read(ref reader);
        }
        catch (JsonException e)
        {
            throw new ConfigurationException($"{source}: not valid JSON at line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.", e);
        }
        catch (InvalidOperationException e)
        {
            throw new ConfigurationException($"{source}: a JSON string is not valid Unicode.", e);
        }
    }

    private static byte[] ReadBytes(string path)
    {
        try
        {
            return BoundedFile.ReadAllBytes(path, JsonFile.DefaultMaxBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{path}: cannot be read ({e.Message})", e);
        }
    }

    private static TokenizerSettings Settings(string source, JsonObject config, TokenizerSettings before)
    {
        if (config["tokenizer_class"] is { } node && !s_classes.Contains(Text(source, "tokenizer_class", node)))
            throw new ConfigurationException($"{source}: tokenizer_class is {Shown(node)}; only GPT-2's byte-level BPE is supported.");
        var errors = config["errors"] is { } e ? Text(source, "errors", e) : "replace";
        if (errors is not ("replace" or "ignore" or "strict"))
            throw new ConfigurationException($"{source}: errors is '{errors}'; replace, ignore or strict was expected.");
        return before with
        {
            AddPrefixSpace = Flag(source, config, "add_prefix_space", before.AddPrefixSpace),
            AddBosToken = Flag(source, config, "add_bos_token", before.AddBosToken),
            CleanUpTokenizationSpaces = Flag(source, config, "clean_up_tokenization_spaces", true),
            Errors = errors,
            ModelMaxLength = MaxLength(source, config["model_max_length"]),
            PadsLeft = Side(source, config, "padding_side"),
            TruncatesLeft = Side(source, config, "truncation_side"),
            Config = config,
        };
    }

    // "No limit" is written as 1e30.
    private static int? MaxLength(string source, JsonNode? node) => node switch
    {
        null => null,
        JsonValue value when value.TryGetValue<double>(out var length) && length >= 1 => length > int.MaxValue ? null : (int)length,
        _ => throw new ConfigurationException($"{source}: model_max_length is {Shown(node)}; a positive number was expected."),
    };

    private static bool Side(string source, JsonObject config, string key) => config[key] is { } node && Text(source, key, node) switch
    {
        "left" => true,
        "right" => false,
        _ => throw new ConfigurationException($"{source}: {key} is {Shown(node)}; left or right was expected."),
    };

    // The constructor of GPT2Tokenizer: these three default to the end token, unless the file sets them to null.
    private static SpecialTokens FromConfig(SpecialTokens special, JsonObject config)
    {
        foreach (var role in (ReadOnlySpan<SpecialTokenRole>)[SpecialTokenRole.Bos, SpecialTokenRole.Eos, SpecialTokenRole.Unk])
        {
            if (!config.ContainsKey(SpecialTokens.KeyOf(role)))
                special = special.With(role, new AddedToken(EndOfText));
        }

        return special;
    }

    private static SpecialTokens Specials(string source, JsonObject o, SpecialTokens special, bool fromConfig)
    {
        foreach (var role in SpecialTokens.SingleRoles)
        {
            var key = SpecialTokens.KeyOf(role);
            if (!o.TryGetPropertyValue(key, out var node) || node is null)
                continue;
            var token = Token(source, key, node);
            if (token.Content.Length == 0)
                throw new ConfigurationException($"{source}: {key} is empty.");
            // GPT2Tokenizer makes tokens that keep their white space of these three; the rest stay bare strings.
            if (fromConfig && token.IsPlain && role is SpecialTokenRole.Bos or SpecialTokenRole.Eos or SpecialTokenRole.Unk)
                token = token with { IsPlain = false };
            special = special.With(role, token);
        }

        foreach (var key in (ReadOnlySpan<string>)["additional_special_tokens", "extra_special_tokens"])
        {
            if (o[key] is not { } node)
                continue;
            var items = node switch
            {
                JsonArray array => array.ToArray(),
                JsonObject named => [.. named.Select(p => p.Value)],
                _ => throw new ConfigurationException($"{source}: {key} is {Shown(node)}; a list of tokens was expected."),
            };
            if (items.Length > MaxAddedTokens)
                throw new ConfigurationException($"{source}: {key} has {items.Length} tokens; at most {MaxAddedTokens} are read.");
            if (items.Length > 0)
                special = special.WithAdditional([.. items.Select(item => Token(source, key, item)).Distinct()]);
        }

        return special;
    }

    private static void ReadDecoder(string source, JsonNode node, Vocabulary vocabulary, Dictionary<string, int> added, Dictionary<string, AddedToken> flagged, List<string> special)
    {
        foreach (var (key, value) in AsObject(source, "added_tokens_decoder", node))
        {
            if (!int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id >= Vocabulary.IdLimit)
                throw new ConfigurationException($"{source}: added_tokens_decoder has the key {Vocabulary.Quote(key)}; an id below {Vocabulary.IdLimit} was expected.");
            var description = AsObject(source, $"added_tokens_decoder.{id}", value);
            var token = Token(source, $"added_tokens_decoder.{id}", description);
            AddId(source, vocabulary, added, token.Content, id);
            flagged[token.Content] = token;
            if (Flag(source, description, "special", false))
                special.Add(token.Content);
        }
    }

    private static string Text(string source, string name, JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<string>(out var text)
            ? text
            : throw new ConfigurationException($"{source}: {name} is {Shown(node)}; a string was expected.");
}
