using System.Globalization;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace Sightline.Tokenization;

/// <summary>
/// Cuts text into the words that merges do not cross: GPT-2's pattern
/// <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c> over code points. .NET's own regular expressions see the two
/// halves of a character beyond U+FFFF as neither letter nor digit, so that 𐐀 or 𠮷 would join a following 's; hence this scanner.
/// </summary>
internal sealed class Gpt2PreTokenizer : PreTokenizer
{
    private enum Kind
    {
        Space,
        Letter,
        Number,
        Other,
    }

    /// <inheritdoc/>
    public override IEnumerable<(int Offset, int Length)> PreTokenize(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        for (var start = 0; start < text.Length;)
        {
            var length = NextLength(text, start);
            yield return (start, length);
            start += length;
        }
    }

    /// <inheritdoc/>
    public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text) => PreTokenize(text.ToString());

    /// <summary>The length in UTF-16 units of the word that begins at <paramref name="start"/>, at least 1.</summary>
    public static int NextLength(ReadOnlySpan<char> text, int start)
    {
        var rest = text[start..];
        var contraction = ContractionLength(rest);
        if (contraction > 0)
            return contraction;
        var first = KindAt(rest, out var size);
        if (first != Kind.Space)
            return RunLength(rest, first);
        if (rest[0] == ' ' && rest.Length > 1 && KindAt(rest[1..], out _) is var second && second != Kind.Space)
            return 1 + RunLength(rest[1..], second);

        // \s+(?!\S): a run of white space leaves its last character to the word that follows, unless it is alone or ends the text.
        var run = RunLength(rest, Kind.Space);
        return run == rest.Length || run == size ? run : run - 1;
    }

    private static int ContractionLength(ReadOnlySpan<char> text)
    {
        if (text[0] != '\'' || text.Length < 2)
            return 0;
        if (text[1] is 's' or 't' or 'm' or 'd')
            return 2;
        return text.Length > 2 && (text[1], text[2]) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }

    private static int RunLength(ReadOnlySpan<char> text, Kind kind)
    {
        var length = 0;
        while (length < text.Length && KindAt(text[length..], out var size) == kind)
            length += size;
        return length;
    }

    private static Kind KindAt(ReadOnlySpan<char> text, out int size)
    {
        var c = text[0];
        size = 1;
        if (c < 0x80)
        {
            return char.IsAsciiLetter(c) ? Kind.Letter
                : char.IsAsciiDigit(c) ? Kind.Number
                : c is ' ' or >= '\t' and <= '\r' ? Kind.Space
                : Kind.Other;
        }

        if (Rune.DecodeFromUtf16(text, out var rune, out size) != System.Buffers.OperationStatus.Done)
            return Kind.Other;
        return CharUnicodeInfo.GetUnicodeCategory(rune.Value) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Kind.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Number,
            UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => Kind.Space,
            _ => rune.Value == 0x85 ? Kind.Space : Kind.Other,
        };
    }
}
