namespace Sightline.Tokenization;

/// <summary>
/// GPT-2's printable spelling of bytes: printable Latin-1 characters stand for themselves, the other 68 bytes for the characters from U+0100 on
/// (a blank is <c>Ġ</c>). Every byte sequence has one spelling and back, so a byte-level vocabulary can live in JSON.
/// </summary>
internal static class ByteAlphabet
{
    private const int CharLimit = 0x100 + 68;

    private static readonly char[] s_chars = BuildChars();
    private static readonly short[] s_bytes = BuildBytes();

    /// <summary>The character that stands for a byte.</summary>
    public static char CharOf(byte value) => s_chars[value];

    /// <summary>The byte that a character stands for, or -1.</summary>
    public static int ByteOf(char c) => c < CharLimit ? s_bytes[c] : -1;

    /// <summary>
    /// The bytes that a token stands for. A token with a character outside the alphabet (an added token such as <c>&lt;my token&gt;</c> kept in
    /// the vocabulary) gives its own UTF-8, as the Tokenizers library does; the slow GPT2Tokenizer raises KeyError there.
    /// </summary>
    public static byte[] BytesOf(string token)
    {
        var bytes = new byte[token.Length];
        for (var i = 0; i < bytes.Length; i++)
        {
            var value = ByteOf(token[i]);
            if (value < 0)
                return System.Text.Encoding.UTF8.GetBytes(token);
            bytes[i] = (byte)value;
        }

        return bytes;
    }

    private static char[] BuildChars()
    {
        var chars = new char[256];
        var next = 0x100;
        for (var b = 0; b < 256; b++)
            chars[b] = b is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE ? (char)b : (char)next++;
        return chars;
    }

    private static short[] BuildBytes()
    {
        var bytes = new short[CharLimit];
        Array.Fill(bytes, (short)-1);
        for (var b = 0; b < 256; b++)
            bytes[s_chars[b]] = (short)b;
        return bytes;
    }
}
