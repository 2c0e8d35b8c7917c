using System.Text.Json.Nodes;
using Sightline.IO;
using Sightline.Tokenization;
using Xunit;

namespace Sightline.Tests.Tokenization;

public sealed class Gpt2TokenizerFilesTests
{
    private const string Text = "two dogs' bowls [PAD] on a café table<|endoftext|> 12 times";

    public static TheoryData<string> CheckpointsWithTokenizer { get; } =
        [.. Directory.GetFiles(Fixture.Path("checkpoints"), "vocab.json", SearchOption.AllDirectories).Select(f => Path.GetFileName(Path.GetDirectoryName(f))!).Order()];

    [Fact]
    public void Checkpoints_WithTokenizer_AreAllButOne() => Assert.Equal(24, CheckpointsWithTokenizer.Count);

    [Theory]
    [MemberData(nameof(CheckpointsWithTokenizer))]
    public void Save_LoadedCheckpoint_ReproducesItsFiles(string name)
    {
        var source = Fixture.Path("checkpoints", name);
        using var folder = new TemporaryFolder();
        Gpt2Tokenizer.Load(source).Save(folder.Root);
        foreach (var file in new[] { "vocab.json", "merges.txt", "special_tokens_map.json", "tokenizer_config.json", "added_tokens.json" })
        {
            var original = Path.Combine(source, file);
            Assert.Equal(File.Exists(original), File.Exists(folder[file]));
            if (File.Exists(original))
                Assert.Equal(File.ReadAllText(original), File.ReadAllText(folder[file]));
        }
    }

    // The published vocab.json escapes what is not ASCII; Transformers does not when it saves. All else is equal.
    [Fact]
    public void Save_PublishedVocabulary_DiffersOnlyInEscapes()
    {
        var source = Fixture.Path("tokenizer");
        using var folder = new TemporaryFolder();
        Gpt2Tokenizer.Load(source).Save(folder.Root);
        foreach (var file in new[] { "merges.txt", "special_tokens_map.json", "tokenizer_config.json" })
            Assert.Equal(File.ReadAllText(Path.Combine(source, file)), File.ReadAllText(folder[file]));
        Assert.True(JsonNode.DeepEquals(JsonFile.ReadObject(Path.Combine(source, "vocab.json")), JsonFile.ReadObject(folder["vocab.json"])));
        Assert.False(File.Exists(folder["added_tokens.json"]));
    }

    [Theory]
    [InlineData("t-417", TokenizerStyle.Transformers431)]
    [InlineData("t-base", TokenizerStyle.Transformers417)]
    [InlineData("k-distinct-ids", TokenizerStyle.Transformers417)]
    public void Save_OtherStyle_IsReadBackAlike(string name, TokenizerStyle style)
    {
        var tokenizer = Gpt2Tokenizer.Load(Fixture.Path("checkpoints", name));
        Assert.NotEqual(style, tokenizer.Style);
        using var folder = new TemporaryFolder();
        tokenizer.Save(folder.Root, style);
        var again = Gpt2Tokenizer.Load(folder.Root);
        Assert.Equal(style, again.Style);
        AssertAlike(tokenizer, again);
        using var second = new TemporaryFolder();
        again.Save(second.Root);
        foreach (var file in Directory.GetFiles(folder.Root))
            Assert.Equal(File.ReadAllText(file), File.ReadAllText(second[Path.GetFileName(file)]));
    }

    [Fact]
    public void Save_417To431_EqualsWhat431Writes()
    {
        using var folder = new TemporaryFolder();
        Gpt2Tokenizer.Load(Fixture.Path("checkpoints", "t-417")).Save(folder.Root, TokenizerStyle.Transformers431);
        Assert.Equal(File.ReadAllText(Fixture.Path("checkpoints", "t-base", "tokenizer_config.json")), File.ReadAllText(folder["tokenizer_config.json"]));
        Assert.Equal(File.ReadAllText(Fixture.Path("checkpoints", "t-base", "special_tokens_map.json")), File.ReadAllText(folder["special_tokens_map.json"]));
    }

    [Fact]
    public void Save_WithoutAddedTokens_RemovesAnOldFile()
    {
        using var folder = new TemporaryFolder();
        Gpt2Tokenizer.Load(Fixture.Path("checkpoints", "k-distinct-ids")).Save(folder.Root);
        Assert.True(File.Exists(folder["added_tokens.json"]));
        Gpt2Tokenizer.Load(Fixture.Path("checkpoints", "t-base")).Save(folder.Root);
        Assert.False(File.Exists(folder["added_tokens.json"]));
    }

    [Theory]
    [InlineData("k-distinct-ids", false)]
    [InlineData("k-distinct-ids", true)]
    [InlineData("t-base", false)]
    public void Load_TokenizerJsonOnly_GivesTheSameIds(string name, bool mergesAsPairs)
    {
        var tokenizer = Gpt2Tokenizer.Load(Fixture.Path("checkpoints", name));
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer.json", tokenizer.ToTokenizerJson(mergesAsPairs));
        folder.Write("tokenizer_config.json", """
            {
              "bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "pad_token": "PAD",
              "model_max_length": 1000000000000000019884624838656, "tokenizer_class": "GPT2TokenizerFast", "errors": "replace"
            }
            """.Replace("PAD", name == "t-base" ? "<|endoftext|>" : "[PAD]", StringComparison.Ordinal));
        var again = Gpt2Tokenizer.Load(folder.Root);
        AssertAlike(tokenizer, again);
        Assert.Null(again.ModelMaxLength);
        Assert.Equal(tokenizer.ToTokenizerJson(mergesAsPairs), again.ToTokenizerJson(mergesAsPairs));
        var root = JsonFile.ReadObject(folder["tokenizer.json"]);
        Assert.Equal("BPE", (string)root["model"]!["type"]!);
        Assert.Equal(name == "t-base" ? 1 : 2, root["added_tokens"]!.AsArray().Count);
    }

    [Fact]
    public void Load_TokenizerJsonAlone_TakesItsAddedTokens()
    {
        var tokenizer = Gpt2Tokenizer.Load(Fixture.Path("checkpoints", "k-distinct-ids"));
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer.json", tokenizer.ToTokenizerJson());
        var again = Gpt2Tokenizer.Load(folder.Root);
        Assert.Equal(tokenizer.Encode(Text), again.Encode(Text));
        Assert.Equal(512, again.TokenToId("[PAD]"));
        Assert.Equal("a b", again.Decode([.. again.Encode("a"), 512, .. again.Encode(" b")], skipSpecialTokens: true));
    }

    [Fact]
    public void Load_AddedTokensDecoder_GivesFlagsAndIds()
    {
        var source = Fixture.Path("checkpoints", "t-base");
        using var folder = new TemporaryFolder();
        foreach (var file in new[] { "vocab.json", "merges.txt" })
            File.Copy(Path.Combine(source, file), folder[file]);
        folder.Write("tokenizer_config.json", """
            {
              "added_tokens_decoder": {
                "511": { "content": "<|endoftext|>", "lstrip": false, "normalized": true, "rstrip": false, "single_word": false, "special": true },
                "512": { "content": "<pad>", "lstrip": false, "normalized": false, "rstrip": false, "single_word": false, "special": true },
                "513": { "content": "<img>", "lstrip": true, "normalized": false, "rstrip": false, "single_word": false, "special": false }
              },
              "bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "pad_token": "<pad>", "tokenizer_class": "GPT2Tokenizer"
            }
            """);
        folder.Write("special_tokens_map.json", """{ "bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "pad_token": "<pad>", "unk_token": "<|endoftext|>" }""");
        var tokenizer = Gpt2Tokenizer.Load(folder.Root);
        Assert.Equal(514, tokenizer.VocabularySize);
        Assert.Equal(512, tokenizer.PadTokenId);
        var blank = tokenizer.Encode(" ");
        var (a, b) = (tokenizer.Encode("a"), tokenizer.Encode(" b"));
        Assert.Equal([.. a, .. blank, 512, .. b], tokenizer.Encode("a <pad> b"));
        Assert.Equal([.. a, 513, .. b], tokenizer.Encode("a <img> b"));
        Assert.Equal([511, 512], tokenizer.SpecialTokenIds.Order());
        using var second = new TemporaryFolder();
        tokenizer.Save(second.Root);
        AssertAlike(tokenizer, Gpt2Tokenizer.Load(second.Root));
    }

    [Fact]
    public void Load_Settings_AreUsed()
    {
        var tokenizer = WithConfig("""
            { "add_prefix_space": true, "add_bos_token": true, "clean_up_tokenization_spaces": false, "padding_side": "left", "truncation_side": "left", "pad_token": "<|endoftext|>", "model_max_length": 3 }
            """);
        var b = tokenizer.TokenToId("Ġb")!.Value;
        Assert.Equal([511, b], tokenizer.Encode("b"));
        Assert.Equal("b .", tokenizer.Decode(tokenizer.Encode("b .", addPrefixSpace: false), skipSpecialTokens: true));
        var batch = tokenizer.EncodeBatch(["b", "b b b b"], new BatchEncodingOptions { Padding = Padding.MaxLength, Truncation = true });
        Assert.Equal([[511, 511, b], [b, b, b]], batch.InputIds);
        Assert.Equal([[0, 1, 1], [1, 1, 1]], batch.AttentionMask);
    }

    [Theory]
    [InlineData("replace", "a\uFFFDb")]
    [InlineData("ignore", "ab")]
    [InlineData("strict", null)]
    public void Decode_InvalidUtf8_FollowsErrors(string errors, string? expected)
    {
        var tokenizer = WithConfig($$"""{ "errors": "{{errors}}" }""");
        int[] ids = [tokenizer.TokenToId("a")!.Value, tokenizer.TokenToId("Ã")!.Value, tokenizer.TokenToId("b")!.Value];
        if (expected is null)
            Assert.Contains("strict", Assert.Throws<SightlineException>(() => tokenizer.Decode(ids)).Message, StringComparison.Ordinal);
        else
            Assert.Equal(expected, tokenizer.Decode(ids));
    }

    [Fact]
    public void Load_SpecialTokenThatTheVocabularyLacks_GetsTheNextId()
    {
        var tokenizer = WithConfig("""{ "pad_token": "<pad>", "additional_special_tokens": ["<a>", "<b>"] }""");
        Assert.Equal(512, tokenizer.PadTokenId);
        Assert.Equal(513, tokenizer.TokenToId("<a>"));
        Assert.Equal([511, 512, 513, 514], tokenizer.SpecialTokenIds.Order());
    }

    [Fact]
    public void WithSpecialToken_LeavesTheOriginalAlone()
    {
        var tokenizer = Gpt2Tokenizer.Load(Fixture.Path("checkpoints", "t-417"));
        var changed = tokenizer.WithSpecialToken(SpecialTokenRole.Pad, "<pad>").WithAddedTokens("<x>", "<x>", "a");
        Assert.Equal(512, changed.PadTokenId);
        Assert.Equal(513, changed.TokenToId("<x>"));
        Assert.Equal(514, changed.VocabularySize);
        Assert.Equal(511, tokenizer.PadTokenId);
        Assert.Equal(512, tokenizer.VocabularySize);
        Assert.NotEqual(tokenizer.Encode("<pad>"), changed.Encode("<pad>"));
    }

    [Fact]
    public void Load_MergesWithDamage_StillDecodes()
    {
        using var folder = Copy();
        folder.Write("merges.txt", "#version: 0.2\nĠ unknown\n");
        var tokenizer = Gpt2Tokenizer.Load(folder.Root);
        Assert.Equal("a<|endoftext|>", tokenizer.Decode([64, 511]));
        Assert.Throws<ConfigurationException>(tokenizer.PrepareEncoding);
    }

    private static Gpt2Tokenizer WithConfig(string json)
    {
        using var folder = Copy();
        folder.Write("tokenizer_config.json", json);
        return Gpt2Tokenizer.Load(folder.Root);
    }

    private static TemporaryFolder Copy()
    {
        var folder = new TemporaryFolder();
        foreach (var file in new[] { "vocab.json", "merges.txt" })
            File.Copy(Fixture.Path("checkpoints", "t-base", file), folder[file]);
        return folder;
    }

    private static void AssertAlike(Gpt2Tokenizer expected, Gpt2Tokenizer actual)
    {
        Assert.Equal(expected.VocabularySize, actual.VocabularySize);
        Assert.Equal((expected.BosTokenId, expected.EosTokenId, expected.UnkTokenId, expected.PadTokenId), (actual.BosTokenId, actual.EosTokenId, actual.UnkTokenId, actual.PadTokenId));
        Assert.Equal(expected.SpecialTokenIds.Order(), actual.SpecialTokenIds.Order());
        var ids = expected.Encode(Text);
        Assert.True(ids.Length > 10);
        Assert.Equal(ids, actual.Encode(Text));
        foreach (var skip in new[] { false, true })
            Assert.Equal(expected.Decode(ids, skip), actual.Decode(ids, skip));
    }
}
