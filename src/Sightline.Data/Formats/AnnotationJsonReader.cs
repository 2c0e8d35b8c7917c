using System.Text.Json;
using Sightline.IO;

namespace Sightline.Data.Formats;

/// <summary>
/// Reads VizWiz-Captions and COCO caption files without building a tree: COCO's training file would take a gigabyte as one. Unknown keys are passed
/// over; flags that the file lacks are false, as in the first release of VizWiz's validation file.
/// </summary>
internal ref struct AnnotationJsonReader
{
    private readonly ProblemList _problems;
    private readonly RawAnnotations _result;
    private Utf8JsonReader _reader;

    private AnnotationJsonReader(ReadOnlySpan<byte> utf8, ProblemList problems)
    {
        _problems = problems;
        _result = new RawAnnotations();
        _reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = 64 });
    }

    public static RawAnnotations Read(string path, long maxBytes, ProblemList problems)
    {
        ReadOnlySpan<byte> utf8 = BoundedFile.ReadAllBytes(path, maxBytes);
        if (utf8.StartsWith("\uFEFF"u8))
            utf8 = utf8[3..];
        try
        {
            return new AnnotationJsonReader(utf8, problems).ReadRoot(path);
        }
        catch (JsonException e)
        {
            throw new DatasetException($"{path}: not valid JSON at line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}; is the file complete?", e);
        }
        catch (InvalidOperationException e)
        {
            throw new DatasetException($"{path}: a JSON string is not valid Unicode.", e);
        }
    }

    private RawAnnotations ReadRoot(string path)
    {
        if (!_reader.Read() || _reader.TokenType != JsonTokenType.StartObject)
            throw new DatasetException($"{path}: the root is not a JSON object; expected a VizWiz-Captions or COCO caption file with 'images' and 'annotations'.");
        var (hasImages, hasAnnotations) = (false, false);
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            if (_reader.ValueTextEquals("images"u8))
            {
                hasImages = ReadList("images");
            }
            else if (_reader.ValueTextEquals("annotations"u8))
            {
                hasAnnotations = ReadList("annotations");
            }
            else
            {
                _reader.Read();
                _reader.Skip();
            }
        }

        if (_reader.Read())
            throw new DatasetException($"{path}: text follows the JSON value at byte {_reader.TokenStartIndex}.");
        if (!hasImages)
            throw new DatasetException($"{path}: 'images' is missing; expected a VizWiz-Captions or COCO caption file.");
        if (!hasAnnotations)
            throw new DatasetException($"{path}: 'annotations' is missing; expected a VizWiz-Captions or COCO caption file.");
        return _result;
    }

    private bool ReadList(string name)
    {
        _reader.Read();
        if (_reader.TokenType != JsonTokenType.StartArray)
        {
            _problems.Add($"{name} is {Kind(_reader.TokenType)}, expected a list");
            _reader.Skip();
            return true;
        }

        for (var i = 0; _reader.Read() && _reader.TokenType != JsonTokenType.EndArray; i++)
        {
            if (_reader.TokenType != JsonTokenType.StartObject)
            {
                _problems.Add($"{name}[{i}] is {Kind(_reader.TokenType)}, expected an object");
                _reader.Skip();
            }
            else if (name == "images")
            {
                ReadImage(i);
            }
            else
            {
                ReadCaption(i);
            }
        }

        return true;
    }

    private void ReadImage(int index)
    {
        var before = _problems.Lines.Count;
        var where = $"images[{index}]";
        long? id = null;
        string? fileName = null;
        var textDetected = false;
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            if (_reader.ValueTextEquals("id"u8))
                id = ReadInteger(where, "id");
            else if (_reader.ValueTextEquals("file_name"u8))
                fileName = ReadString(where, "file_name");
            else if (_reader.ValueTextEquals("text_detected"u8))
                textDetected = ReadFlag(where, "text_detected");
            else
                SkipValue();
        }

        if (_problems.Lines.Count > before)
            return;
        if (id is null)
            _problems.Add($"{where}.id is missing");
        if (fileName is null)
            _problems.Add($"{where}.file_name is missing");
        if (id is not null && fileName is not null)
            _result.Images.Add(new RawImage(id.Value, fileName, textDetected, where + "."));
    }

    private void ReadCaption(int index)
    {
        var before = _problems.Lines.Count;
        var where = $"annotations[{index}]";
        long? id = null;
        long? imageId = null;
        string? caption = null;
        var (isPrecanned, isRejected) = (false, false);
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            if (_reader.ValueTextEquals("id"u8))
                id = ReadInteger(where, "id");
            else if (_reader.ValueTextEquals("image_id"u8))
                imageId = ReadInteger(where, "image_id");
            else if (_reader.ValueTextEquals("caption"u8))
                caption = ReadString(where, "caption");
            else if (_reader.ValueTextEquals("is_precanned"u8))
                isPrecanned = ReadFlag(where, "is_precanned");
            else if (_reader.ValueTextEquals("is_rejected"u8))
                isRejected = ReadFlag(where, "is_rejected");
            else
                SkipValue();
        }

        if (_problems.Lines.Count > before)
            return;
        if (imageId is null)
            _problems.Add($"{where}.image_id is missing");
        if (caption is null)
            _problems.Add($"{where}.caption is missing");
        if (imageId is not null && caption is not null)
            _result.Captions.Add(new RawCaption(id, imageId.Value, caption, isPrecanned, isRejected, where + "."));
    }

    private long? ReadInteger(string where, string name)
    {
        _reader.Read();
        if (_reader.TokenType == JsonTokenType.Number && _reader.TryGetInt64(out var value))
            return value;
        Wrong(where, name, "a whole number");
        return null;
    }

    private string? ReadString(string where, string name)
    {
        _reader.Read();
        if (_reader.TokenType == JsonTokenType.String)
            return _reader.GetString();
        Wrong(where, name, "a string");
        return null;
    }

    private bool ReadFlag(string where, string name)
    {
        _reader.Read();
        if (_reader.TokenType is JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null)
            return _reader.TokenType == JsonTokenType.True;
        Wrong(where, name, "true or false");
        return false;
    }

    private void Wrong(string where, string name, string expected)
    {
        _problems.Add($"{where}.{name} is {Kind(_reader.TokenType)}, expected {expected}");
        _reader.Skip();
    }

    private void SkipValue()
    {
        _reader.Read();
        _reader.Skip();
    }

    private static string Kind(JsonTokenType type) => type switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "another number",
        JsonTokenType.Null => "null",
        _ => "true or false",
    };
}
