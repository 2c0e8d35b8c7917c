using Microsoft.ML.Tokenizers;

namespace Sightline.Tokenization;

/// <summary>Text without special tokens to ids: our words, merged by Microsoft.ML.Tokenizers.</summary>
internal sealed class ByteLevelEncoder
{
    /// <summary>The longest word (letters, digits, signs or blanks in a row), in UTF-16 units. The library's time grows with its square: 0.4 s here.</summary>
    public const int MaxWordLength = 1 << 16;

    private readonly BpeTokenizer _bpe;

    /// <exception cref="ConfigurationException">The merges do not fit the vocabulary, or a byte has no token.</exception>
    public ByteLevelEncoder(string source, Vocabulary vocabulary, MergeRules merges)
    {
        merges.Check(vocabulary);
        for (var b = 0; b < 256; b++)
        {
            if (vocabulary.IdOf(ByteAlphabet.CharOf((byte)b).ToString()) is null)
                throw new ConfigurationException($"{source}: byte 0x{b:x2} ('{ByteAlphabet.CharOf((byte)b)}') has no token; a byte-level vocabulary holds all 256.");
        }

        _bpe = BpeTokenizer.Create(new BpeOptions(vocabulary.Entries.Select(e => KeyValuePair.Create(e.Token, e.Id)))
        {
            ByteLevel = true,
            Merges = merges.Rules,
            PreTokenizer = new Gpt2PreTokenizer(),
        });
    }

    /// <exception cref="SightlineException">A word is longer than <see cref="MaxWordLength"/>.</exception>
    public IReadOnlyList<int> Encode(string text)
    {
        if (text.Length > MaxWordLength)
            CheckWords(text);
        return _bpe.EncodeToIds(text, considerNormalization: false);
    }

    private static void CheckWords(string text)
    {
        for (var start = 0; start < text.Length;)
        {
            var length = Gpt2PreTokenizer.NextLength(text, start);
            if (length > MaxWordLength)
                throw new SightlineException($"text: {length} characters of one kind in a row at {start}; at most {MaxWordLength} are encoded. Is this text?");
            start += length;
        }
    }
}
