using System.Text.Json;

namespace Sightline.Tokenization;

/// <summary>The learned tokens of vocab.json and their ids; ids may have gaps.</summary>
internal sealed class Vocabulary
{
    /// <summary>Ids are below this: 2^24.</summary>
    public const int IdLimit = 1 << 24;

    private const int MaxUnusedIds = 1 << 20;

    private readonly string?[] _tokens;
    private readonly Dictionary<string, int> _ids;

    private Vocabulary(string?[] tokens, Dictionary<string, int> ids)
    {
        _tokens = tokens;
        _ids = ids;
    }

    /// <summary>The number of tokens.</summary>
    public int Count => _ids.Count;

    /// <summary>The token of an id, or null.</summary>
    public string? TokenOf(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;

    /// <summary>The id of a token, or null.</summary>
    public int? IdOf(string token) => _ids.TryGetValue(token, out var id) ? id : null;

    /// <summary>Tokens and ids in the order of the ids.</summary>
    public IEnumerable<(string Token, int Id)> Entries
    {
        get
        {
            for (var id = 0; id < _tokens.Length; id++)
            {
                if (_tokens[id] is { } token)
                    yield return (token, id);
            }
        }
    }

    /// <summary>Makes a vocabulary whose ids are the positions in the list.</summary>
    public static Vocabulary FromTokens(IReadOnlyList<string> tokens) =>
        new([.. tokens], tokens.Select((token, id) => (token, id)).ToDictionary(p => p.token, p => p.id));

    /// <summary>Reads a JSON object of token to id; the reader stands on its start.</summary>
    /// <exception cref="ConfigurationException">Wrong types, an id twice or out of range, no entry.</exception>
    /// <exception cref="JsonException">Not JSON.</exception>
    public static Vocabulary Read(ref Utf8JsonReader reader, string source)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new ConfigurationException($"{source}: the vocabulary is {Describe(reader.TokenType)}; an object of token to id was expected.");
        var ids = new Dictionary<string, int>();
        var largest = -1;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var token = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out var id) || id is < 0 or >= IdLimit)
                throw new ConfigurationException($"{source}: the id of token {Quote(token)} is {Found(ref reader)}; a whole number from 0 to {IdLimit - 1} was expected.");
            ids[token] = id; // As in Python, the last of two equal keys counts.
            largest = Math.Max(largest, id);
        }

        if (ids.Count == 0)
            throw new ConfigurationException($"{source}: the vocabulary is empty.");
        if (largest + 1 - ids.Count > MaxUnusedIds)
            throw new ConfigurationException($"{source}: {ids.Count} tokens, but ids up to {largest}; more than {MaxUnusedIds} ids are unused. Is the file damaged?");
        var tokens = new string?[largest + 1];
        foreach (var (token, id) in ids)
        {
            if (tokens[id] is { } other)
                throw new ConfigurationException($"{source}: the tokens {Quote(other)} and {Quote(token)} both have the id {id}.");
            tokens[id] = token;
        }

        return new Vocabulary(tokens, ids);
    }

    /// <summary>A token for a message: quoted, on one line, cut after 40 characters.</summary>
    public static string Quote(string token)
    {
        var shown = token.Length > 40 ? token[..40] + "…" : token;
        return "'" + string.Concat(shown.Select(c => char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString())) + "'";
    }

    private static string Found(ref Utf8JsonReader reader) => reader.TokenType == JsonTokenType.Number
        ? System.Text.Encoding.ASCII.GetString(reader.ValueSpan[..Math.Min(reader.ValueSpan.Length, 30)])
        : Describe(reader.TokenType);

    private static string Describe(JsonTokenType type) => type switch
    {
        JsonTokenType.StartArray => "an array",
        JsonTokenType.StartObject => "an object",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.Null => "null",
        _ => "a truth value",
    };
}
