using System.Text.RegularExpressions;
using Sightline.Tokenization;
using Xunit;

namespace Sightline.Tests.Tokenization;

public sealed class Gpt2PreTokenizerTests
{
    private const string Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>Text and its words, as Python's regex module cuts it.</summary>
    public static TheoryData<string, string[]> Cases { get; } = new()
    {
        { "", [] },
        { "a cat's", ["a", " cat", "'s"] },
        { "I'LL 'll'", ["I", "'", "LL", " '", "ll", "'"] },
        { "x  y   ", ["x", " ", " y", "   "] },
        { "x \n y", ["x", " \n", " y"] },
        { "12abc!? é9", ["12", "abc", "!?", " é", "9"] },
        { "a\u001Cb", ["a", "\u001C", "b"] },
        { "a\u0085b", ["a", "\u0085", "b"] },
        { " \u3000x", [" ", "\u3000", "x"] },
        { "\u2028\u2028y", ["\u2028", "\u2028", "y"] },
        { "\U00010400's", ["\U00010400", "'s"] },
        { "\U00020BB7've", ["\U00020BB7", "'ve"] },
        { "\U0001D7D8'll", ["\U0001D7D8", "'ll"] },
        { "\U0001F600's", ["\U0001F600'", "s"] },
        { "Ⅷ½²", ["Ⅷ½²"] },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void PreTokenize_Text_GivesReferenceWords(string text, string[] words) => Assert.Equal(words, Words(text));

    // Within the first 65536 characters .NET's expressions and Python's agree; beyond, ours alone is right.
    [Fact]
    public void PreTokenize_RandomBmpText_EqualsThePattern()
    {
        const string Pool = "aB1٢ \t\n\u00A0\u3000'stremvld.,!é日½_-\u0301\u200D\u0085\u001F";
        var random = new Random(3);
        var regex = new Regex(Pattern, RegexOptions.CultureInvariant);
        for (var i = 0; i < 5000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(30)).Select(_ => Pool[random.Next(Pool.Length)]));
            Assert.Equal(regex.Matches(text).Select(m => m.Value), Words(text));
        }
    }

    private static string[] Words(string text) =>
        [.. new Gpt2PreTokenizer().PreTokenize(text).Select(w => text.Substring(w.Offset, w.Length))];
}
