using System.Buffers.Binary;
using System.Text;
using Sightline.IO;

namespace Sightline.Checkpoints;

/// <summary>
/// Writes <c>.safetensors</c> files, byte for byte as the official library does: widest types first, then by name; compact JSON, padded with blanks
/// to eight bytes.
/// </summary>
public static class SafetensorsWriter
{
    // The order of the library's Dtype enum; later ones come first in the file.
    private static readonly TensorDType[] s_order =
    [
        TensorDType.Bool, TensorDType.U8, TensorDType.I8, TensorDType.I16, TensorDType.F16, TensorDType.BF16, TensorDType.I32, TensorDType.F32, TensorDType.F64, TensorDType.I64,
    ];

    /// <summary>What Transformers puts into <c>__metadata__</c>, and demands on loading.</summary>
    public static IReadOnlyDictionary<string, string> DefaultMetadata { get; } = new Dictionary<string, string> { ["format"] = "pt" };

    /// <summary>Writes a file as a whole or not at all. Tensors that share memory are written once for each name.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="tensors">The tensors, in any order.</param>
    /// <param name="metadata">The texts under <c>__metadata__</c>, in this order; null for <see cref="DefaultMetadata"/>; empty for none.</param>
    /// <exception cref="ArgumentException">A name is used twice or the bytes do not fit a shape.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, IEnumerable<TensorData> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var pending = PendingTensor.Keep(tensors);
        AtomicFile.Write(path, stream => Write(stream, pending, metadata ?? DefaultMetadata));
    }

    /// <summary>Writes the content of a file.</summary>
    /// <param name="stream">Gets it.</param>
    /// <param name="tensors">The tensors.</param>
    /// <param name="metadata">The texts under <c>__metadata__</c>.</param>
    /// <param name="aligned">The type whose first tensor is to begin at a multiple of 64 bytes of the file; null: the header is padded to eight bytes.</param>
    internal static void Write(Stream stream, IEnumerable<PendingTensor> tensors, IReadOnlyDictionary<string, string> metadata, TensorDType? aligned = null)
    {
        var ordered = tensors
            .Select(tensor => (Tensor: tensor, Name: Encoding.UTF8.GetBytes(tensor.Name)))
            .OrderByDescending(entry => Array.IndexOf(s_order, entry.Tensor.DType))
            .ThenBy(entry => entry.Name, Comparer<byte[]>.Create((x, y) => x.AsSpan().SequenceCompareTo(y)))
            .Select(entry => entry.Tensor)
            .ToList();
        var header = Encoding.UTF8.GetBytes(Header(ordered, metadata));
        var before = aligned is null ? 0 : ordered.TakeWhile(tensor => tensor.DType != aligned).Sum(tensor => tensor.Length);
        var multiple = aligned is null ? 8 : 64;
        var padding = (int)((multiple - ((8 + header.Length + before) % multiple)) % multiple);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length + padding);
        stream.Write(length);
        stream.Write(header);
        stream.Write("                                                                "u8[..padding]);
        foreach (var tensor in ordered)
            stream.Write(tensor.Read().Span);
    }

    private static string Header(List<PendingTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        var json = new StringBuilder("{");
        if (metadata.Count > 0)
        {
            AppendString(json, "__metadata__");
            json.Append(":{");
            foreach (var (key, value) in metadata)
            {
                AppendString(json, key);
                json.Append(':');
                AppendString(json, value);
                json.Append(',');
            }

            json[^1] = '}';
            json.Append(',');
        }

        var offset = 0L;
        foreach (var tensor in tensors)
        {
            AppendString(json, tensor.Name);
            json.Append(":{\"dtype\":\"").Append(tensor.DType.SafetensorsName()).Append("\",\"shape\":[").AppendJoin(',', tensor.Shape);
            json.Append("],\"data_offsets\":[").Append(offset).Append(',').Append(offset += tensor.Length).Append("]},");
        }

        if (json[^1] == ',')
            json.Length--;
        return json.Append('}').ToString();
    }

    // As Rust's serde_json escapes: quotes, backslashes and control characters only.
    private static void AppendString(StringBuilder json, string text)
    {
        json.Append('"');
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => json.Append("\\\""),
                '\\' => json.Append("\\\\"),
                '\b' => json.Append("\\b"),
                '\f' => json.Append("\\f"),
                '\n' => json.Append("\\n"),
                '\r' => json.Append("\\r"),
                '\t' => json.Append("\\t"),
                < ' ' => json.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => json.Append(c),
            };
        }

        json.Append('"');
    }
}
