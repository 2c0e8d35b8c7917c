using System.Text;
using System.Text.Json.Nodes;
using Sightline.IO;

namespace Sightline.Tokenization;

/// <summary>Writes tokenizer files byte for byte as the slow GPT2Tokenizer of Transformers saves them, and the content of tokenizer.json.</summary>
internal static class TokenizerWriter
{
    public static void Write(TokenizerData data, string folder, TokenizerStyle style)
    {
        void Save(string name, string text) => AtomicFile.WriteAllText(Path.Combine(folder, name), text);
        Save(TokenizerReader.VocabularyFile, TokenIds(data.Vocabulary.Entries, style));
        Save(TokenizerReader.MergesFile, "#version: 0.2\n" + string.Concat(data.Merges.Rules.Select(rule => rule + "\n")));
        Save(TokenizerReader.SpecialTokensFile, Json(SpecialTokensMap(data.Special), style));
        Save(TokenizerReader.ConfigFile, Json(Config(data, style), style));
        if (data.Added.Count > 0)
            Save(TokenizerReader.AddedTokensFile, TokenIds(data.Added.Select(p => (p.Key, p.Value)), style));
        else
            File.Delete(Path.Combine(folder, TokenizerReader.AddedTokensFile)); // One of an earlier tokenizer would contradict the vocabulary.
    }

    /// <summary>tokenizer.json as the Tokenizers library writes it for a converted GPT2Tokenizer.</summary>
    public static string TokenizerJson(TokenizerData data, bool mergesAsPairs)
    {
        var noSplit = data.NoSplit;
        var special = data.AllSpecialContents.ToHashSet();
        var ids = data.Added.ToDictionary(p => p.Key, p => p.Value);
        var root = new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. noSplit.Values
                .Select(token => (Token: token, Id: ids.TryGetValue(token.Content, out var id) ? id : data.Vocabulary.IdOf(token.Content)))
                .Where(p => p.Id is not null)
                .OrderBy(p => p.Id)
                .Select(p => new JsonObject
                {
                    ["id"] = p.Id,
                    ["content"] = p.Token.Content,
                    ["single_word"] = p.Token.SingleWord,
                    ["lstrip"] = p.Token.StripsLeft,
                    ["rstrip"] = p.Token.StripsRight,
                    ["normalized"] = p.Token.Normalized && !special.Contains(p.Token.Content),
                    ["special"] = special.Contains(p.Token.Content),
                })]),
            ["normalizer"] = null,
            ["pre_tokenizer"] = ByteLevel(data.Settings.AddPrefixSpace, trimOffsets: true),
            ["post_processor"] = data.Settings.AddBosToken && data.Special[SpecialTokenRole.Bos] is { } bos
                ? Template(bos.Content, ids.TryGetValue(bos.Content, out var bosId) ? bosId : data.Vocabulary.IdOf(bos.Content) ?? 0)
                : ByteLevel(addPrefixSpace: true, trimOffsets: false),
            ["decoder"] = ByteLevel(addPrefixSpace: true, trimOffsets: true),
        };
        var text = PythonJson.Serialize(root, ensureAscii: false);
        var json = new StringBuilder(text, 0, text.Length - 2, 1 << 20);
        json.Append(",\n  \"model\": {\n    \"type\": \"BPE\",\n    \"dropout\": null,\n    \"unk_token\": null,\n    \"continuing_subword_prefix\": \"\",\n"
            + "    \"end_of_word_suffix\": \"\",\n    \"fuse_unk\": false,\n    \"byte_fallback\": false,\n    \"ignore_merges\": false,\n    \"vocab\": ");
        AppendAll(json, '{', '}', data.Vocabulary.Entries, entry =>
        {
            PythonJson.AppendString(json, entry.Token, ensureAscii: false);
            json.Append(": ").Append(entry.Id);
        });
        json.Append(",\n    \"merges\": ");
        AppendAll(json, '[', ']', data.Merges.Rules, rule =>
        {
            if (!mergesAsPairs)
            {
                PythonJson.AppendString(json, rule, ensureAscii: false);
                return;
            }

            var (left, right) = MergeRules.Split(data.Merges.Source, 0, rule);
            json.Append("[\n        ");
            PythonJson.AppendString(json, left, ensureAscii: false);
            json.Append(",\n        ");
            PythonJson.AppendString(json, right, ensureAscii: false);
            json.Append("\n      ]");
        });
        return json.Append("\n  }\n}").ToString();
    }

    private static JsonObject ByteLevel(bool addPrefixSpace, bool trimOffsets) => new()
    {
        ["type"] = "ByteLevel",
        ["add_prefix_space"] = addPrefixSpace,
        ["trim_offsets"] = trimOffsets,
        ["use_regex"] = true,
    };

    private static JsonObject Template(string bos, int id)
    {
        JsonObject Special(int type) => new() { ["SpecialToken"] = new JsonObject { ["id"] = bos, ["type_id"] = type } };
        JsonObject Sequence(string name, int type) => new() { ["Sequence"] = new JsonObject { ["id"] = name, ["type_id"] = type } };
        return new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = new JsonArray(Special(0), Sequence("A", 0)),
            ["pair"] = new JsonArray(Special(0), Sequence("A", 0), Special(1), Sequence("B", 1)),
            ["special_tokens"] = new JsonObject { [bos] = new JsonObject { ["id"] = bos, ["ids"] = new JsonArray(id), ["tokens"] = new JsonArray(bos) } },
        };
    }

    // In the model part of tokenizer.json: items six blanks deep.
    private static void AppendAll<T>(StringBuilder json, char open, char close, IEnumerable<T> items, Action<T> append)
    {
        json.Append(open);
        var any = false;
        foreach (var item in items)
        {
            json.Append(any ? ",\n      " : "\n      ");
            any = true;
            append(item);
        }

        json.Append(any ? "\n    " : "").Append(close);
    }

    private static string Json(JsonObject value, TokenizerStyle style) => style == TokenizerStyle.Transformers417
        ? PythonJson.Serialize(value, indent: -1, ensureAscii: false)
        : PythonJson.Serialize(value, sortKeys: true, ensureAscii: false) + "\n";

    // Fifty thousand entries: written directly, without a node for each.
    private static string TokenIds(IEnumerable<(string Token, int Id)> entries, TokenizerStyle style)
    {
        var sorted = style == TokenizerStyle.Transformers431;
        if (sorted)
            entries = entries.OrderBy(e => e.Token, StringComparer.Ordinal);
        var json = new StringBuilder("{");
        foreach (var (token, id) in entries)
        {
            if (json.Length > 1)
                json.Append(sorted ? "," : ", ");
            json.Append(sorted ? "\n  " : "");
            PythonJson.AppendString(json, token, ensureAscii: false);
            json.Append(": ").Append(id);
        }

        return json.Append(sorted ? "\n}\n" : "}").ToString();
    }

    private static JsonObject SpecialTokensMap(SpecialTokens special)
    {
        var map = new JsonObject();
        foreach (var role in SpecialTokens.SingleRoles)
        {
            if (special[role] is { } token)
                map[SpecialTokens.KeyOf(role)] = Describe(token, withType: false);
        }

        if (special.Additional.Count > 0)
            map[SpecialTokens.KeyOf(SpecialTokenRole.Additional)] = new JsonArray([.. special.Additional.Select(t => Describe(t, withType: false))]);
        return map;
    }

    private static JsonNode Describe(AddedToken token, bool withType)
    {
        if (token.IsPlain)
            return JsonValue.Create(token.Content);
        var description = new JsonObject
        {
            ["content"] = token.Content,
            ["single_word"] = token.SingleWord,
            ["lstrip"] = token.LeftStrip,
            ["rstrip"] = token.RightStrip,
            ["normalized"] = token.Normalized,
        };
        if (withType)
            description["__type"] = "AddedToken";
        return description;
    }

    // What was read is kept; a learned tokenizer gets the keys that the constructor of GPT2Tokenizer would have recorded.
    private static JsonObject Config(TokenizerData data, TokenizerStyle style)
    {
        var config = (JsonObject)data.Settings.Config.DeepClone();
        if (config.Count == 0)
        {
            config["errors"] = data.Settings.Errors;
            foreach (var role in (ReadOnlySpan<SpecialTokenRole>)[SpecialTokenRole.Unk, SpecialTokenRole.Bos, SpecialTokenRole.Eos])
                config[SpecialTokens.KeyOf(role)] = data.Special[role] is { } token ? Describe(token with { IsPlain = false }, withType: true) : null;
            config["add_prefix_space"] = data.Settings.AddPrefixSpace;
            if (data.Settings.ModelMaxLength is { } length)
                config["model_max_length"] = length;
        }

        if (config.ContainsKey("added_tokens_decoder"))
            config["added_tokens_decoder"] = AddedTokensDecoder(data);
        if (style == TokenizerStyle.Transformers431)
        {
            config.TryAdd("add_bos_token", data.Settings.AddBosToken);
            config.TryAdd("clean_up_tokenization_spaces", data.Settings.CleanUpTokenizationSpaces);
            config.TryAdd("pad_token", null);
        }

        config.Remove("tokenizer_class");
        config["tokenizer_class"] = "GPT2Tokenizer";
        return config;
    }

    private static JsonObject AddedTokensDecoder(TokenizerData data)
    {
        var special = data.AllSpecialContents.ToHashSet();
        var ids = data.Added.ToDictionary(p => p.Key, p => p.Value);
        var decoder = new JsonObject();
        foreach (var (content, token) in data.NoSplit.OrderBy(p => ids.TryGetValue(p.Key, out var id) ? id : data.Vocabulary.IdOf(p.Key) ?? int.MaxValue))
        {
            if ((ids.TryGetValue(content, out var id) ? id : data.Vocabulary.IdOf(content)) is not { } known)
                continue;
            decoder[known.ToString(System.Globalization.CultureInfo.InvariantCulture)] = new JsonObject
            {
                ["content"] = content,
                ["lstrip"] = token.StripsLeft,
                ["normalized"] = token.Normalized,
                ["rstrip"] = token.StripsRight,
                ["single_word"] = token.SingleWord,
                ["special"] = special.Contains(content),
            };
        }

        return decoder;
    }
}
