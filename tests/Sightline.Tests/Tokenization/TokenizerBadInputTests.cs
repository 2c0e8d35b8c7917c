using System.Text;
using Sightline.Tokenization;
using Xunit;

namespace Sightline.Tests.Tokenization;

/// <summary>Damaged and hostile tokenizer files: one clear line that names the file, for each.</summary>
public sealed class TokenizerBadInputTests
{
    private static readonly string s_bytes = string.Join(", ", Enumerable.Range(0, 256).Select(b => $"{System.Text.Json.JsonSerializer.Serialize(ByteAlphabet.CharOf((byte)b).ToString())}: {b}"));

    /// <summary>File, content, a part of the message.</summary>
    public static TheoryData<string, string, string> Cases { get; } = new()
    {
        { "vocab.json", "", "not valid JSON" },
        { "vocab.json", "[]", "an object of token to id was expected" },
        { "vocab.json", "{}", "the vocabulary is empty" },
        { "vocab.json", "{\"a\": 0", "not valid JSON" },
        { "vocab.json", "{\"a\": 0} x", "not valid JSON" },
        { "vocab.json", "{\"a\": \"0\"}", "the id of token 'a' is a string" },
        { "vocab.json", "{\"a\": 1.5}", "the id of token 'a' is 1.5" },
        { "vocab.json", "{\"a\": -1}", "the id of token 'a' is -1" },
        { "vocab.json", "{\"a\": 16777216}", "from 0 to 16777215" },
        { "vocab.json", "{\"a\": 99999999999999999999999999999999999999999}", "the id of token 'a' is" },
        { "vocab.json", "{\"a\": null}", "is null" },
        { "vocab.json", "{\"a\": {\"b\": 1}}", "is an object" },
        { "vocab.json", "{\"a\": 0, \"b\": 0}", "both have the id 0" },
        { "vocab.json", "{\"a\": 0, \"b\": 16777215}", "ids are unused" },
        { "vocab.json", "{\"a\": 0, \"\\ud800\": 1}", "not valid Unicode" },
        { "merges.txt", "#version: 0.2\na\n", "two tokens with one blank" },
        { "merges.txt", "#version: 0.2\na b c\n", "two tokens with one blank" },
        { "merges.txt", "#version: 0.2\na b\n", "needs the token 'ab'" },
        { "merges.txt", "#version: 0.2\na zz\n", "needs the token 'zz'" },
        { "special_tokens_map.json", "[1]", "not a JSON object" },
        { "special_tokens_map.json", "{\"bos_token\": 5}", "bos_token is 5" },
        { "special_tokens_map.json", "{\"bos_token\": {}}", "bos_token.content is null" },
        { "special_tokens_map.json", "{\"pad_token\": {\"content\": \"x\", \"lstrip\": 1}}", "lstrip is 1" },
        { "special_tokens_map.json", "{\"pad_token\": \"\"}", "pad_token is empty" },
        { "special_tokens_map.json", "{\"additional_special_tokens\": \"x\"}", "a list of tokens was expected" },
        { "tokenizer_config.json", "nothing", "not valid JSON" },
        { "tokenizer_config.json", "\"x\"", "an object was expected" },
        { "tokenizer_config.json", "{\"add_prefix_space\": \"yes\"}", "true or false was expected" },
        { "tokenizer_config.json", "{\"errors\": \"xmlcharrefreplace\"}", "replace, ignore or strict" },
        { "tokenizer_config.json", "{\"model_max_length\": -4}", "a positive number was expected" },
        { "tokenizer_config.json", "{\"padding_side\": \"up\"}", "left or right" },
        { "tokenizer_config.json", "{\"tokenizer_class\": \"BertTokenizer\"}", "only GPT-2's byte-level BPE" },
        { "tokenizer_config.json", "{\"added_tokens_decoder\": []}", "an object was expected" },
        { "tokenizer_config.json", "{\"added_tokens_decoder\": {\"x\": {}}}", "an id below" },
        { "tokenizer_config.json", "{\"added_tokens_decoder\": {\"16777216\": {\"content\": \"x\"}}}", "an id below" },
        { "tokenizer_config.json", "{\"added_tokens_decoder\": {\"5\": {\"content\": \"x\"}}}", "has the id 5" },
        { "added_tokens.json", "{\"x\": \"y\"}", "a whole number from 0" },
        { "added_tokens.json", "{\"[PAD]\": 5}", "which the vocabulary gives to" },
        { "added_tokens.json", "{\"<|endoftext|>\": 600}", "but 256 in the vocabulary" },
        { "added_tokens.json", "{\"<x>\": 600, \"<y>\": 600}", "both have the id 600" },
        { "added_tokens.json", "{\"\": 600}", "is empty" },
        { "added_tokens.json", "{\"<x>\": 2000000000}", "a whole number from 0" },
    };

    /// <summary>tokenizer.json, a part of the message.</summary>
    public static TheoryData<string, string> SingleFileCases { get; } = new()
    {
        { "[]", "the root is not a JSON object" },
        { "{}", "model.vocab is missing" },
        { "{\"model\": []}", "model is not an object" },
        { "{\"model\": {\"vocab\": {\"a\": 0}}}", "model.merges is missing" },
        { "{\"model\": {\"vocab\": [[\"a\", 0]], \"merges\": []}}", "an object of token to id" },
        { "{\"model\": {\"type\": \"Unigram\", \"vocab\": {\"a\": 0}, \"merges\": []}}", "model.type is \"Unigram\"" },
        { "{\"model\": {\"byte_fallback\": true, \"vocab\": {\"a\": 0}, \"merges\": []}}", "model.byte_fallback is true" },
        { "{\"model\": {\"end_of_word_suffix\": \"</w>\", \"vocab\": {\"a\": 0}, \"merges\": []}}", "model.end_of_word_suffix" },
        { "{\"model\": {\"vocab\": {\"a\": 0}, \"merges\": {}}}", "model.merges is not a list" },
        { "{\"model\": {\"vocab\": {\"a\": 0}, \"merges\": [5]}}", "merge 1 is neither" },
        { "{\"model\": {\"vocab\": {\"a\": 0}, \"merges\": [[\"a\"]]}}", "merge 1 is neither" },
        { "{\"model\": {\"vocab\": {\"a\": 0}, \"merges\": []}}", "pre_tokenizer is null" },
        { "{\"pre_tokenizer\": {\"type\": \"Whitespace\"}, \"model\": {\"vocab\": {\"a\": 0}, \"merges\": []}}", "pre_tokenizer is" },
        { "{\"normalizer\": {\"type\": \"NFC\"}, \"model\": {\"vocab\": {\"a\": 0}, \"merges\": []}}", "has a normalizer" },
        { "{\"post_processor\": {\"type\": \"RobertaProcessing\"}, \"pre_tokenizer\": {\"type\": \"ByteLevel\"}, \"model\": {\"vocab\": {\"a\": 0}, \"merges\": []}}", "post_processor is RobertaProcessing" },
        { "{\"added_tokens\": 4, \"pre_tokenizer\": {\"type\": \"ByteLevel\"}, \"model\": {\"vocab\": {\"a\": 0}, \"merges\": []}}", "added_tokens is 4" },
        { "{\"added_tokens\": [{\"content\": \"x\"}], \"pre_tokenizer\": {\"type\": \"ByteLevel\"}, \"model\": {\"vocab\": {\"a\": 0}, \"merges\": []}}", "the id of token 'x' is null" },
        { "{\"model\": {\"vocab\": {\"a\": 0}, \"merges\": [\"a", "not valid JSON" },
        { "{\"x\": " + "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "not valid JSON" },
    };

    [Fact]
    public void Load_SoundFiles_Works()
    {
        using var folder = Sound();
        var tokenizer = Gpt2Tokenizer.Load(folder.Root);
        Assert.Equal("hé", tokenizer.Decode(tokenizer.Encode("hé")));
        Assert.Equal(256, tokenizer.EosTokenId);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Load_BadFile_SaysWhatAndWhere(string file, string content, string expected)
    {
        using var folder = Sound();
        folder.Write(file, content);
        var error = Assert.Throws<ConfigurationException>(() => Gpt2Tokenizer.Load(folder.Root).PrepareEncoding());
        AssertOneLine(error, file, expected);
    }

    [Theory]
    [MemberData(nameof(SingleFileCases))]
    public void Load_BadTokenizerJson_SaysWhatAndWhere(string content, string expected)
    {
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer.json", content);
        var error = Assert.Throws<ConfigurationException>(() => Gpt2Tokenizer.Load(folder.Root).PrepareEncoding());
        AssertOneLine(error, "tokenizer.json", expected);
    }

    [Fact]
    public void Load_MissingFiles_NamesThem()
    {
        using var folder = Sound();
        File.Delete(folder["merges.txt"]);
        AssertOneLine(Assert.Throws<ConfigurationException>(() => Gpt2Tokenizer.Load(folder.Root)), "merges.txt", "is not");
        File.Delete(folder["vocab.json"]);
        AssertOneLine(Assert.Throws<ConfigurationException>(() => Gpt2Tokenizer.Load(folder.Root)), "tokenizer.json", "no tokenizer");
        Assert.Throws<ConfigurationException>(() => Gpt2Tokenizer.Load(folder["nowhere"]));
    }

    [Fact]
    public void Load_NotUtf8_SaysSo()
    {
        using var folder = Sound();
        File.WriteAllBytes(folder["merges.txt"], [.. "#version: 0.2\n"u8, 0xC3, 0x28]);
        AssertOneLine(Assert.Throws<ConfigurationException>(() => Gpt2Tokenizer.Load(folder.Root).PrepareEncoding()), "merges.txt", "not UTF-8");
        File.WriteAllBytes(folder["vocab.json"], [.. "{\""u8, 0xC3, 0x28, .. "\": 1}"u8]);
        AssertOneLine(Assert.Throws<ConfigurationException>(() => Gpt2Tokenizer.Load(folder.Root)), "vocab.json", "not valid");
    }

    [Theory]
    [InlineData("vocab.json")]
    [InlineData("special_tokens_map.json")]
    [InlineData("tokenizer_config.json")]
    [InlineData("merges.txt")]
    public void Load_TenMegabyteString_GivesAShortLineOrWorks(string file)
    {
        var huge = new string('x', 10 << 20);
        using var folder = Sound();
        folder.Write(file, file switch
        {
            "vocab.json" => $"{{\"{huge}\": -1}}",
            "special_tokens_map.json" => $"{{\"pad_token\": [\"{huge}\"]}}",
            "tokenizer_config.json" => $"{{\"errors\": [\"{huge}\"]}}",
            _ => huge,
        });
        var error = Assert.Throws<ConfigurationException>(() => Gpt2Tokenizer.Load(folder.Root).PrepareEncoding());
        Assert.True(error.Message.Length < 500, $"{error.Message.Length} characters");
    }

    [Fact]
    public void Load_GapsInTheIds_AreAccepted()
    {
        using var folder = Sound();
        folder.Write("vocab.json", $"{{{s_bytes}, \"<|endoftext|>\": 1000}}");
        var tokenizer = Gpt2Tokenizer.Load(folder.Root);
        Assert.Equal(257, tokenizer.VocabularySize);
        Assert.Equal(1000, tokenizer.EosTokenId);
        Assert.Throws<ConfigurationException>(() => tokenizer.Decode([999]));
        Assert.Equal(257, tokenizer.WithSpecialToken(SpecialTokenRole.Pad, "[PAD]").PadTokenId);
    }

    [Fact]
    public void Encode_VocabularyWithoutAByte_NamesTheByte()
    {
        using var folder = Sound();
        folder.Write("vocab.json", "{\"a\": 0, \"<|endoftext|>\": 1}");
        var error = Assert.Throws<ConfigurationException>(() => Gpt2Tokenizer.Load(folder.Root).Encode("a"));
        Assert.Contains("byte 0x00", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_EndlessWord_IsRefused()
    {
        using var folder = Sound();
        var tokenizer = Gpt2Tokenizer.Load(folder.Root);
        var error = Assert.Throws<SightlineException>(() => tokenizer.Encode("a " + new string('x', 10 << 20)));
        Assert.Contains("in a row at 1", error.Message, StringComparison.Ordinal);
    }

    // Every prefix of a sound file, and bytes changed at random (seed 7): an error of ours or a tokenizer, nothing else.
    [Theory]
    [InlineData("vocab.json")]
    [InlineData("merges.txt")]
    [InlineData("special_tokens_map.json")]
    [InlineData("tokenizer_config.json")]
    [InlineData("added_tokens.json")]
    [InlineData("tokenizer.json")]
    public void Load_MutatedFile_NeverCrashes(string file)
    {
        var random = new Random(7);
        using var folder = new TemporaryFolder();
        var tokenizer = Gpt2Tokenizer.Load(Fixture.Path("checkpoints", "k-distinct-ids"));
        if (file == "tokenizer.json")
            folder.Write(file, tokenizer.ToTokenizerJson());
        else
            tokenizer.Save(folder.Root);
        var sound = File.ReadAllBytes(folder[file]);
        var refused = 0;
        for (var i = 0; i < 150; i++)
        {
            var bytes = i % 2 == 0 ? sound[..random.Next(sound.Length)] : [.. sound];
            for (var k = 0; i % 2 == 1 && k < 4; k++)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(folder[file], bytes);
            try
            {
                Gpt2Tokenizer.Load(folder.Root).Encode("a cat");
            }
            catch (SightlineException e)
            {
                refused++;
                Assert.DoesNotContain('\n', e.Message);
            }
        }

        Assert.True(refused > 20, $"{refused} of 150 refused");
    }

    private static TemporaryFolder Sound()
    {
        var folder = new TemporaryFolder();
        folder.Write("vocab.json", $"{{{s_bytes}, \"<|endoftext|>\": 256}}");
        folder.Write("merges.txt", "#version: 0.2\n");
        return folder;
    }

    private static void AssertOneLine(ConfigurationException error, string file, string expected)
    {
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.True(Encoding.UTF8.GetByteCount(error.Message) < 500);
    }
}
