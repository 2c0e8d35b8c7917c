using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;
using Sightline.IO;
using Sightline.Tokenization;
using Xunit;

namespace Sightline.Tests.Tokenization;

/// <summary>Why there is code of our own: what Microsoft.ML.Tokenizers gives otherwise than the reference. If one of these fails after an update, code can go.</summary>
public sealed class MicrosoftTokenizersTests
{
    private static readonly string s_vocabulary = Fixture.Path("tokenizer", "vocab.json");
    private static readonly string s_merges = Fixture.Path("tokenizer", "merges.txt");

    [Fact]
    public void CodeGenTokenizer_Goldens_AreNotAllMet()
    {
        using var vocabulary = File.OpenRead(s_vocabulary);
        using var merges = File.OpenRead(s_merges);
        var tokenizer = CodeGenTokenizer.Create(vocabulary, merges);
        var wrong = JsonFile.ReadObject(Fixture.Path("tokenizer_golden", "gpt2.json"))["encode"]!.AsArray()
            .Count(row => !tokenizer.EncodeToIds((string)row!["text"]!).SequenceEqual(row["ids"]!.AsArray().Select(i => (int)i!)));
        Assert.Equal(38, wrong);
    }

    [Fact]
    public void BpeTokenizer_OwnPattern_TakesAstralLettersForSigns()
    {
        const string Text = "\U00020BB7've";
        var options = new BpeOptions(s_vocabulary, s_merges)
        {
            ByteLevel = true,
            PreTokenizer = new RegexPreTokenizer(new Regex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"), null),
        };
        var reference = Gpt2Tokenizer.Load(Fixture.Path("tokenizer")).Encode(Text);
        Assert.Equal([172, 254, 106, 115, 1053], reference); // From Python's regex module and the published merges.
        Assert.NotEqual(reference, BpeTokenizer.Create(options).EncodeToIds(Text));
    }
}
