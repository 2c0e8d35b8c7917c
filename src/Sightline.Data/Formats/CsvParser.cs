using System.Text;

namespace Sightline.Data.Formats;

/// <summary>Splits comma or tab separated text into records (RFC 4180): quoted fields may hold separators, doubled quotes and line breaks.</summary>
internal sealed class CsvParser(TextReader reader, char separator, int maxCharacters)
{
    private readonly StringBuilder _field = new();
    private int _line = 1;

    /// <summary>The next record and the line it starts on; null at the end. Empty lines are passed over.</summary>
    /// <exception cref="FormatException">A quote is not closed, text follows a closing quote, or a field is too long.</exception>
    public (int Line, List<string> Fields)? Next()
    {
        while (reader.Peek() is '\r' or '\n')
            SkipLineBreak();
        if (reader.Peek() < 0)
            return null;
        var line = _line;
        var fields = new List<string>();
        do
        {
            fields.Add(reader.Peek() == '"' ? Quoted(line) : Plain(line));
        }
        while (TakeSeparator());
        SkipLineBreak();
        return (line, fields);
    }

    private bool TakeSeparator()
    {
        if (reader.Peek() != separator)
            return false;
        reader.Read();
        return true;
    }

    private string Plain(int line)
    {
        _field.Clear();
        while (reader.Peek() is var c && c >= 0 && c != separator && c is not ('\r' or '\n'))
            Append((char)reader.Read(), line);
        return _field.ToString();
    }

    private string Quoted(int line)
    {
        _field.Clear();
        reader.Read();
        while (true)
        {
            var c = reader.Read();
            if (c < 0)
                throw new FormatException($"line {line}: a quoted field is not closed");
            if (c == '"')
            {
                if (reader.Peek() != '"')
                    break;
                reader.Read();
            }
            else if (c == '\n')
            {
                _line++;
            }

            Append((char)c, line);
        }

        if (reader.Peek() is var next && next >= 0 && next != separator && next is not ('\r' or '\n'))
            throw new FormatException($"line {_line}: text follows a closing quote");
        return _field.ToString();
    }

    private void Append(char c, int line)
    {
        if (_field.Length >= maxCharacters)
            throw new FormatException($"line {line}: a field has more than {maxCharacters} characters; is a quote left open?");
        _field.Append(c);
    }

    private void SkipLineBreak()
    {
        var c = reader.Read();
        if (c == '\r' && reader.Peek() == '\n')
            reader.Read();
        if (c >= 0)
            _line++;
    }
}
