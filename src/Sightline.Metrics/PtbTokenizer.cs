using System.Collections.Frozen;
using Sightline.Metrics.Tokenization;

namespace Sightline.Metrics;

/// <summary>
/// The Penn-Treebank tokenizer that the COCO and VizWiz scorers apply to captions before they compare them: Stanford's PTBTokenizer 3.4.1
/// with <c>-preserveLines -lowerCase</c>, followed by the scorers' punctuation filter. Equal to it line by line on the golden files.
/// </summary>
/// <remarks>
/// The captions are one stream in the given order, because an abbreviation at the end of one is read by how the next begins
/// (<c>made in the U.S.</c> before <c>The dog</c> or before <c>a dog</c>). A line end inside a caption is a blank. For CR, VT, FF, U+2028 and
/// U+2029 that differs from the Java program, which would shift all later captions by one there.
/// </remarks>
public static class PtbTokenizer
{
    private const int BlockSize = 256;

    private static readonly FrozenSet<string> s_punctuation =
        new[] { "''", "'", "``", "`", "-LRB-", "-RRB-", "-LCB-", "-RCB-", ".", "?", "!", ",", ":", "-", "--", "...", ";" }.ToFrozenSet();

    /// <summary>The captions tokenized, lower-cased and without punctuation, tokens separated by one blank.</summary>
    /// <param name="captions">The captions in their order. An empty caption gives an empty line.</param>
    /// <returns>One line for each caption.</returns>
    public static string[] Tokenize(IReadOnlyList<string> captions) => Run(captions, filter: true);

    /// <summary>The tokens as the Java program prints them, punctuation included, separated by one blank.</summary>
    /// <inheritdoc cref="Tokenize" path="/param"/>
    /// <inheritdoc cref="Tokenize" path="/returns"/>
    public static string[] TokenizeWithPunctuation(IReadOnlyList<string> captions) => Run(captions, filter: false);

    private static string[] Run(IReadOnlyList<string> captions, bool filter)
    {
        ArgumentNullException.ThrowIfNull(captions);
        var starts = new int[captions.Count + 1];
        for (var i = 0; i < captions.Count; i++)
            starts[i + 1] = checked(starts[i] + captions[i].Length + 1);
        var text = string.Create(Math.Max(0, starts[^1] - 1), captions, static (span, all) =>
        {
            var at = 0;
            for (var i = 0; i < all.Count; i++)
            {
                if (i > 0)
                    span[at++] = '\n';
                at = Copy(all[i], span, at);
            }
        });
        var lines = new string[captions.Count];
        Parallel.For(0, (captions.Count + BlockSize - 1) / BlockSize, block =>
        {
            var scanner = new PtbScanner(text);
            var tokens = new List<string>();
            for (var i = block * BlockSize; i < Math.Min(captions.Count, (block + 1) * BlockSize); i++)
            {
                tokens.Clear();
                scanner.ScanLine(starts[i], starts[i] + captions[i].Length, tokens);
                if (filter)
                    tokens.RemoveAll(s_punctuation.Contains);
                lines[i] = string.Join(' ', tokens);
            }
        });
        return lines;
    }

    private static int Copy(string caption, Span<char> target, int at)
    {
        foreach (var c in caption)
            target[at++] = c is '\n' or '\r' or '\v' or '\f' or '\u2028' or '\u2029' ? ' ' : c;
        return at;
    }
}
