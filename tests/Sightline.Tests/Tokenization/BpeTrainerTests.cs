using Sightline.Tokenization;
using Xunit;

namespace Sightline.Tests.Tokenization;

public sealed class BpeTrainerTests
{
    private static readonly string[] s_texts =
        [.. Enumerable.Range(0, 300).Select(i => $"a {(i % 3 == 0 ? "red" : "blue")} can of soup on the table, number {i} 😀 café's")];

    // The words and counts of the library's own test of its trainer (bpe/trainer.rs): 're', 'are' and 'is', in that order.
    [Fact]
    public void Train_WordsOfTheLibrarysTest_GivesItsMerges()
    {
        string[] words = ["roses", "are", "are", "red", "voilets", "blue", "BERT", "is", "is", "big", "and", "so", "GPT-2"];
        using var folder = new TemporaryFolder();
        Train(words, new BpeTrainerOptions { MinFrequency = 2 }).Save(folder.Root);
        Assert.Equal("#version: 0.2\nr e\na re\ni s\n", File.ReadAllText(folder["merges.txt"]));
    }

    [Fact]
    public void Train_EqualCounts_SmallerPairOfIdsFirst()
    {
        using var folder = new TemporaryFolder();
        Train(["zy", "zy", "ab", "ab", "ac", "ac"]).Save(folder.Root);
        Assert.Equal("#version: 0.2\na b\na c\nz y\n", File.ReadAllText(folder["merges.txt"]));
    }

    // "aa" merges from left to right to aa aa a; of (aa, a) and (aa, aa), once each, the first has the smaller ids.
    [Fact]
    public void Train_Overlaps_MergesFromTheLeft()
    {
        using var folder = new TemporaryFolder();
        var tokenizer = Train(["aaaaa"], new BpeTrainerOptions { MinFrequency = 1 });
        tokenizer.Save(folder.Root);
        Assert.Equal("#version: 0.2\na a\naa a\naa aaa\n", File.ReadAllText(folder["merges.txt"]));
        Assert.Single(tokenizer.Encode("aaaaa"));
    }

    [Fact]
    public void Train_OrderOfTexts_DoesNotMatter()
    {
        var options = new BpeTrainerOptions { VocabularySize = 400 };
        var random = new Random(1);
        var first = Train(s_texts, options).ToTokenizerJson();
        for (var i = 0; i < 5; i++)
        {
            var shuffled = s_texts.ToArray();
            random.Shuffle(shuffled);
            Assert.Equal(first, Train(shuffled, options).ToTokenizerJson());
        }

        Assert.NotEqual(first, Train(s_texts[..2], options).ToTokenizerJson());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Train_SpecialTokens_AreFirstOrLast(bool first)
    {
        var tokenizer = Train(s_texts, new BpeTrainerOptions
        {
            VocabularySize = 300,
            SpecialTokens = ["<s>", "</s>", "<unk>", "<pad>", "<x>"],
            SpecialTokensFirst = first,
            BosToken = "<s>",
            EosToken = "</s>",
            UnkToken = "<unk>",
            PadToken = "<pad>",
        });
        Assert.Equal(300, tokenizer.VocabularySize);
        var start = first ? 0 : 295;
        Assert.Equal((start, start + 1, start + 2, start + 3), (tokenizer.BosTokenId, tokenizer.EosTokenId, tokenizer.UnkTokenId, tokenizer.PadTokenId));
        Assert.Equal(Enumerable.Range(start, 5), tokenizer.SpecialTokenIds.Order());
        Assert.Equal("can", tokenizer.Decode(tokenizer.Encode("<s>can</s><x>"), skipSpecialTokens: true));
    }

    [Fact]
    public void Train_AnyText_RoundTripsAndCoversEveryByte()
    {
        var tokenizer = Train(s_texts, new BpeTrainerOptions { VocabularySize = 350 });
        for (var b = 0; b < 256; b++)
            Assert.NotNull(tokenizer.TokenToId(ByteAlphabet.CharOf((byte)b).ToString()));
        var random = new Random(2);
        for (var i = 0; i < 500; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(20)).Select(_ => new System.Text.Rune(random.Next(3) switch
            {
                0 => random.Next(0x20, 0x7F),
                1 => random.Next(0xD800),
                _ => random.Next(0xE000, 0x110000),
            }).ToString()));
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text), cleanUpTokenizationSpaces: false));
        }
    }

    [Fact]
    public void Train_KnownText_NeedsFewerTokensThanBytes()
    {
        var tokenizer = Train(s_texts);
        Assert.Contains("Ġtable", tokenizer.Encode(s_texts[0]).Select(tokenizer.IdToToken));
        Assert.True(tokenizer.Encode(s_texts[0]).Length < 20);
    }

    [Theory]
    [InlineData(TokenizerStyle.Transformers417)]
    [InlineData(TokenizerStyle.Transformers431)]
    public void Save_Learned_IsReadBackAlike(TokenizerStyle style)
    {
        var tokenizer = Train(s_texts, new BpeTrainerOptions { VocabularySize = 350, SpecialTokens = ["<|endoftext|>", "<pad>"], PadToken = "<pad>", ModelMaxLength = 64 });
        using var folder = new TemporaryFolder();
        tokenizer.Save(folder.Root, style);
        var again = Gpt2Tokenizer.Load(folder.Root);
        Assert.Equal(tokenizer.Encode(s_texts[0] + "<pad> x"), again.Encode(s_texts[0] + "<pad> x"));
        Assert.Equal(tokenizer.ToTokenizerJson(), again.ToTokenizerJson());
        Assert.Equal(64, again.ModelMaxLength);
        Assert.Equal(1, again.PadTokenId);
        using var second = new TemporaryFolder();
        again.Save(second.Root);
        foreach (var file in Directory.GetFiles(folder.Root))
            Assert.Equal(File.ReadAllText(file), File.ReadAllText(second[Path.GetFileName(file)]));
    }

    [Fact]
    public void Train_BadOptions_AreRefused()
    {
        Assert.Throws<ConfigurationException>(() => Train([], new BpeTrainerOptions { VocabularySize = 256 }));
        Assert.Throws<ConfigurationException>(() => Train([], new BpeTrainerOptions { MinFrequency = 0 }));
        Assert.Throws<ConfigurationException>(() => Train([], new BpeTrainerOptions { PadToken = "<pad>" }));
        Assert.Throws<ConfigurationException>(() => Train([], new BpeTrainerOptions { SpecialTokens = ["a", "a"] }));
        Assert.Throws<SightlineException>(() => Train(["\uD800"]));
        Assert.Equal(257, Train([]).VocabularySize);
    }

    private static Gpt2Tokenizer Train(IEnumerable<string> texts, BpeTrainerOptions? options = null) =>
        BpeTrainer.Train(texts, options, TestContext.Current.CancellationToken);
}
