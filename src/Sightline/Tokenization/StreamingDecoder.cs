using System.Text;

namespace Sightline.Tokenization;

/// <summary>
/// Turns ids into text as they come. What <see cref="Push(int)"/> and <see cref="Finish"/> give, joined, is what
/// <see cref="Gpt2Tokenizer.Decode"/> gives for all the ids; text that a later id could still change is held back: an unfinished UTF-8
/// sequence and, when blanks are cleaned up, the characters that the beginning of a pattern such as <c>" n't"</c> covers. Not thread-safe.
/// </summary>
public sealed class StreamingDecoder
{
    private readonly Gpt2Tokenizer _tokenizer;
    private readonly bool _skipSpecialTokens;
    private readonly bool _cleanUp;
    private readonly Decoder _utf8;
    private readonly StringBuilder _pending = new();
    private bool _hasText;
    private bool _inRun;

    internal StreamingDecoder(Gpt2Tokenizer tokenizer, bool skipSpecialTokens, bool cleanUp)
    {
        _tokenizer = tokenizer;
        _skipSpecialTokens = skipSpecialTokens;
        _cleanUp = cleanUp;
        _utf8 = Encoding.GetEncoding("utf-8", EncoderFallback.ExceptionFallback, FallbackFor(tokenizer.Errors)).GetDecoder();
    }

    /// <summary>Takes the next id and returns the text that is certain now; often empty.</summary>
    /// <exception cref="SightlineException">The id is not in the vocabulary, or <c>errors</c> is strict and the bytes are not UTF-8.</exception>
    public string Push(int id)
    {
        Add(id);
        return Take(_cleanUp ? SafeLength(_pending) : _pending.Length);
    }

    /// <summary>Takes several ids.</summary>
    /// <inheritdoc cref="Push(int)" path="/exception"/>
    public string Push(ReadOnlySpan<int> ids)
    {
        foreach (var id in ids)
            Add(id);
        return Take(_cleanUp ? SafeLength(_pending) : _pending.Length);
    }

    /// <summary>Ends the text and returns what was held back. The decoder is then as new.</summary>
    /// <inheritdoc cref="Push(int)" path="/exception"/>
    public string Finish()
    {
        EndRun();
        _hasText = false;
        return Take(_pending.Length);
    }

    /// <summary>English spacing as <c>clean_up_tokenization</c> of Transformers undoes it, in its order.</summary>
    internal static string CleanUp(string text) => text
        .Replace(" .", ".", StringComparison.Ordinal).Replace(" ?", "?", StringComparison.Ordinal)
        .Replace(" !", "!", StringComparison.Ordinal).Replace(" ,", ",", StringComparison.Ordinal)
        .Replace(" ' ", "'", StringComparison.Ordinal).Replace(" n't", "n't", StringComparison.Ordinal)
        .Replace(" 'm", "'m", StringComparison.Ordinal).Replace(" 's", "'s", StringComparison.Ordinal)
        .Replace(" 've", "'ve", StringComparison.Ordinal).Replace(" 're", "'re", StringComparison.Ordinal);

    // As in Transformers 4.17, a run of learned tokens is one byte sequence, an added token ends it, and blanks join runs and added tokens.
    private void Add(int id)
    {
        if (_skipSpecialTokens && _tokenizer.IsSpecial(id))
            return;
        if (_tokenizer.AddedTokenOf(id) is { } added)
        {
            EndRun();
            Separate();
            _pending.Append(added);
            return;
        }

        if (!_inRun)
            Separate();
        _inRun = true;
        Decode(ByteAlphabet.BytesOf(_tokenizer.IdToToken(id)), flush: false);
    }

    private void Separate()
    {
        if (_hasText)
            _pending.Append(' ');
        _hasText = true;
    }

    private void EndRun()
    {
        if (_inRun)
            Decode([], flush: true);
        _inRun = false;
    }

    private void Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        try
        {
            var chars = new char[_utf8.GetCharCount(bytes, flush)];
            _utf8.GetChars(bytes, chars, flush);
            _pending.Append(chars);
        }
        catch (DecoderFallbackException e)
        {
            _utf8.Reset();
            throw new SightlineException("ids: the bytes they stand for are not UTF-8, and tokenizer_config.json says errors: strict. Set it to replace.", e);
        }
    }

    private string Take(int length)
    {
        var text = _pending.ToString(0, length);
        _pending.Remove(0, length);
        return _cleanUp ? CleanUp(text) : text;
    }

    // A cut is safe behind a character that no pattern can hold before its end: every pattern begins with a blank, and inside come only
    // blanks, apostrophes, an n behind a blank, and a v or r behind an apostrophe, which " ' " may have joined (hence the blank before them).
    private static int SafeLength(StringBuilder text)
    {
        for (var length = text.Length; length > 0; length--)
        {
            var c = text[length - 1];
            var before = length > 1 ? text[length - 2] : '\0';
            if (c is not (' ' or '\'') && (c != 'n' || before != ' ') && (c is not ('v' or 'r') || before is not ('\'' or ' ')))
                return length;
        }

        return 0;
    }

    private static DecoderFallback FallbackFor(string errors) => errors switch
    {
        "ignore" => new DecoderReplacementFallback(""),
        "strict" => DecoderFallback.ExceptionFallback,
        _ => new DecoderReplacementFallback("\uFFFD"), // The default of .NET for a named encoding is a question mark.
    };
}
