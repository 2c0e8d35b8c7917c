using System.Text.Json.Nodes;
using Sightline.IO;
using Sightline.Tokenization;
using Xunit;

namespace Sightline.Tests.Tokenization;

/// <summary>tokenizer_golden/gpt2.json: what the slow GPT2Tokenizer of Transformers 4.17 gives, id for id.</summary>
public sealed class Gpt2TokenizerGoldenTests
{
    private static readonly JsonObject s_golden = JsonFile.ReadObject(Fixture.Path("tokenizer_golden", "gpt2.json"));
    private static readonly Gpt2Tokenizer s_gpt2 = Gpt2Tokenizer.Load(Fixture.Path("tokenizer"));
    private static readonly Gpt2Tokenizer s_withPad = s_gpt2.WithSpecialToken(SpecialTokenRole.Pad, "[PAD]");

    [Fact]
    public void VocabularySize_Published_MatchesReference()
    {
        Assert.Equal((int)s_golden["vocab_size"]!, s_gpt2.VocabularySize);
        Assert.Equal(50256, s_gpt2.EosTokenId);
        Assert.Equal(50256, s_gpt2.BosTokenId);
        Assert.Equal(50256, s_gpt2.UnkTokenId);
        Assert.Null(s_gpt2.PadTokenId);
        Assert.Equal(1024, s_gpt2.ModelMaxLength);
    }

    [Fact]
    public void Encode_EveryRow_MatchesReferenceIds()
    {
        var rows = Rows("encode", 403);
        foreach (var row in rows)
        {
            var text = (string)row["text"]!;
            var ids = s_gpt2.Encode(text);
            Assert.Equal(Ints(row["ids"]), ids);
            Assert.Equal(Ints(row["ids_add_prefix_space"]), s_gpt2.Encode(text, addPrefixSpace: true));
            Assert.Equal(row["tokens"]!.AsArray().Select(t => (string)t!), ids.Select(s_gpt2.IdToToken));
            var decoded = (bool)row["roundtrip"]! ? text : (string)row["decoded"]!;
            Assert.Equal(decoded, s_gpt2.Decode(ids, cleanUpTokenizationSpaces: false));
        }
    }

    [Fact]
    public void Encode_LoneSurrogates_AreRefused()
    {
        foreach (var row in Rows("encode_errors", 3))
        {
            var text = new string([.. Ints(row["utf16_code_units"]).Select(unit => (char)unit)]);
            var error = Assert.Throws<SightlineException>(() => s_gpt2.Encode(text));
            Assert.Contains("surrogate", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void EncodeBatch_EveryRow_MatchesReferenceIdsAndMasks()
    {
        var tokenizer = s_gpt2.WithSpecialToken(SpecialTokenRole.Pad, s_gpt2.SpecialToken(SpecialTokenRole.Eos)!);
        foreach (var row in Rows("batch", 5))
        {
            var kwargs = row["kwargs"]!;
            var options = new BatchEncodingOptions
            {
                Padding = kwargs["padding"]!.ToJsonString() switch
                {
                    "true" or "\"longest\"" => Padding.Longest,
                    "\"max_length\"" => Padding.MaxLength,
                    var other => throw new InvalidDataException(other),
                },
                MaxLength = (int?)kwargs["max_length"],
                Truncation = (bool?)kwargs["truncation"] ?? false,
            };
            var batch = tokenizer.EncodeBatch([.. row["texts"]!.AsArray().Select(t => (string)t!)], options);
            Assert.Equal(row["input_ids"]!.AsArray().Select(Ints), batch.InputIds);
            Assert.Equal(row["attention_mask"]!.AsArray().Select(Ints), batch.AttentionMask);
        }
    }

    [Fact]
    public void Encode_AddedPad_MatchesReferenceIdsAndText()
    {
        Assert.Equal(50257, s_withPad.PadTokenId);
        Assert.Equal(50258, s_withPad.VocabularySize);
        foreach (var row in Rows("encode_added_pad", 8))
        {
            var ids = s_withPad.Encode((string)row["text"]!);
            Assert.Equal(Ints(row["ids"]), ids);
            Assert.Equal((string)row["decoded"]!, s_withPad.Decode(ids));
        }
    }

    [Fact]
    public void Decode_EveryRow_MatchesReferenceText()
    {
        foreach (var row in Rows("decode", 157))
        {
            var tokenizer = (string)row["tokenizer"]! switch
            {
                "gpt2" => s_gpt2,
                "gpt2+[PAD]" => s_withPad,
                var other => throw new InvalidDataException(other),
            };
            var ids = Ints(row["ids"]);
            foreach (var skip in new[] { false, true })
            {
                foreach (var clean in new[] { false, true })
                {
                    var expected = (string)row[$"skip_{skip}_clean_{clean}".ToLowerInvariant()]!;
                    Assert.Equal(expected, tokenizer.Decode(ids, skip, clean));
                }
            }

            Assert.Equal((string)row["skip_false_clean_true"]!, tokenizer.Decode(ids));
        }
    }

    [Fact]
    public void Decode_IdsOutsideTheVocabulary_AreRefused()
    {
        foreach (var row in Rows("decode_out_of_range", 2))
        {
            var error = Assert.Throws<ConfigurationException>(() => s_gpt2.Decode(Ints(row["ids"])));
            Assert.Contains("is not in the vocabulary of 50257 tokens", error.Message, StringComparison.Ordinal);
        }

        Assert.Throws<ConfigurationException>(() => s_gpt2.Decode([-1]));
    }

    private static JsonNode[] Rows(string name, int count)
    {
        var rows = s_golden[name]!.AsArray().Select(r => r!).ToArray();
        Assert.Equal(count, rows.Length);
        return rows;
    }

    private static int[] Ints(JsonNode? node) => [.. node!.AsArray().Select(i => (int)i!)];
}
