using System.Text.Json.Nodes;
using Sightline.IO;
using Sightline.Tokenization;

namespace Sightline.Verification.Kinds;

/// <summary><c>tokenizer_golden/</c>: text to ids and ids to text with the vocabulary under <c>tokenizer/</c>, all exact.</summary>
public sealed class TokenizerFixtures : FixtureKind
{
    /// <inheritdoc/>
    public override string Name => "tokenizer_golden";

    /// <inheritdoc/>
    protected override IEnumerable<string> Files(string root) =>
        Directory.EnumerateFiles(Path.Combine(root, Name), "*.json").Order(StringComparer.Ordinal);

    /// <inheritdoc/>
    protected override FixtureResult Judge(string root, string file)
    {
        var golden = JsonFile.ReadObject(file);
        var comparison = new Comparison(Name, Relative(root, file));
        var plain = Gpt2Tokenizer.Load(Path.Combine(root, "tokenizer"));
        var withPad = plain.WithSpecialToken(SpecialTokenRole.Pad, "[PAD]");
        comparison.True(golden["vocab_size"]!.GetValue<int>() == plain.VocabularySize, () => $"vocab_size is {plain.VocabularySize} instead of {golden["vocab_size"]}");
        foreach (var row in Rows(golden, "encode"))
            CompareEncode(plain, row, comparison);
        foreach (var row in Rows(golden, "encode_errors"))
            CompareRefusal("encode_errors", () => plain.Encode(new string([.. Ints(row["utf16_code_units"]).Select(unit => (char)unit)])), comparison);
        foreach (var row in Rows(golden, "batch"))
            CompareBatch(plain.WithSpecialToken(SpecialTokenRole.Pad, plain.SpecialToken(SpecialTokenRole.Eos)!), row, comparison);
        foreach (var row in Rows(golden, "encode_added_pad"))
        {
            var ids = withPad.Encode(Text(row["text"]));
            comparison.Equal<int>($"added pad '{row["text"]}'", Ints(row["ids"]), ids);
            CompareText("added pad", Text(row["decoded"]), withPad.Decode(ids), comparison);
        }

        foreach (var row in Rows(golden, "decode"))
            CompareDecode(Text(row["tokenizer"]).Contains("[PAD]", StringComparison.Ordinal) ? withPad : plain, row, comparison);
        foreach (var row in Rows(golden, "decode_out_of_range"))
            CompareRefusal("decode_out_of_range", () => plain.Decode(Ints(row["ids"])), comparison);
        return comparison.Result();
    }

    private static void CompareEncode(Gpt2Tokenizer tokenizer, JsonNode row, Comparison comparison)
    {
        var text = Text(row["text"]);
        var ids = tokenizer.Encode(text);
        comparison.Equal<int>($"encode '{Short(text)}'", Ints(row["ids"]), ids);
        comparison.Equal<int>($"encode with prefix space '{Short(text)}'", Ints(row["ids_add_prefix_space"]), tokenizer.Encode(text, addPrefixSpace: true));
        comparison.Equal<string>($"tokens of '{Short(text)}'", [.. row["tokens"]!.AsArray().Select(token => Text(token))], [.. ids.Select(tokenizer.IdToToken)]);
        var decoded = row["roundtrip"]!.GetValue<bool>() ? text : Text(row["decoded"]);
        CompareText("round trip", decoded, tokenizer.Decode(ids, cleanUpTokenizationSpaces: false), comparison);
    }

    private static void CompareBatch(Gpt2Tokenizer tokenizer, JsonNode row, Comparison comparison)
    {
        var kwargs = row["kwargs"]!;
        var padding = kwargs["padding"]!.ToJsonString();
        var batch = tokenizer.EncodeBatch([.. row["texts"]!.AsArray().Select(text => Text(text))], new BatchEncodingOptions
        {
            Padding = padding.Contains("max_length", StringComparison.Ordinal) ? Padding.MaxLength : padding == "false" ? Padding.None : Padding.Longest,
            MaxLength = kwargs["max_length"]?.GetValue<int>(),
            Truncation = kwargs["truncation"]?.GetValue<bool>() ?? false,
        });
        for (var i = 0; i < batch.InputIds.Length; i++)
        {
            comparison.Equal<int>($"batch ids {i}", Ints(row["input_ids"]![i]), [.. batch.InputIds[i]]);
            comparison.Equal<int>($"batch mask {i}", Ints(row["attention_mask"]![i]), [.. batch.AttentionMask[i]]);
        }
    }

    private static void CompareDecode(Gpt2Tokenizer tokenizer, JsonNode row, Comparison comparison)
    {
        foreach (var skip in new[] { "false", "true" })
        {
            foreach (var clean in new[] { "false", "true" })
                CompareText($"decode {row["ids"]!.ToJsonString()}", Text(row[$"skip_{skip}_clean_{clean}"]), tokenizer.Decode(Ints(row["ids"]), skip == "true", clean == "true"), comparison);
        }
    }

    private static void CompareText(string what, string expected, string actual, Comparison comparison) =>
        comparison.True(expected == actual, () => $"{Short(what)}: '{Short(actual)}' instead of '{Short(expected)}'");

    private static void CompareRefusal(string what, Action act, Comparison comparison)
    {
        var refused = false;
        try
        {
            act();
        }
        catch (SightlineException)
        {
            refused = true;
        }

        comparison.True(refused, () => $"{what}: accepted; the reference refuses it");
    }

    private static IEnumerable<JsonNode> Rows(JsonObject golden, string name) => golden[name]?.AsArray().Select(row => row!) ?? [];

    private static int[] Ints(JsonNode? node) => [.. node!.AsArray().Select(id => id!.GetValue<int>())];

    private static string Text(JsonNode? node) => node!.GetValue<string>();

    private static string Short(string text) => text.Length <= 40 ? text : text[..37] + "...";
}
