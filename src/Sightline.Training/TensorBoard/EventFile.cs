using System.Buffers.Binary;
using System.Net;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Sightline.Training.TensorBoard;

/// <summary>
/// A file of TensorBoard events: records of length, masked CRC32C of the length, data, masked CRC32C of the data (TensorFlow, <c>record_writer.cc</c>). Each record
/// is flushed, so that a killed run keeps its log.
/// </summary>
internal sealed class EventFile : IDisposable
{
    private readonly FileStream _stream;

    /// <summary>Makes a new file with TensorBoard's kind of name and its first record.</summary>
    public EventFile(string folder, TimeProvider time)
    {
        Directory.CreateDirectory(folder);
        var now = time.GetUtcNow();
        var stem = $"events.out.tfevents.{now.ToUnixTimeSeconds()}.{Dns.GetHostName()}.{Environment.ProcessId}";
        var index = 0;
        while (File.Exists(Path.Combine(folder, $"{stem}.{index}")))
            index++;
        FilePath = Path.Combine(folder, $"{stem}.{index}");
        _stream = new FileStream(FilePath, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
        Write(EventMessage.Version(now));
    }

    /// <summary>The file.</summary>
    public string FilePath { get; }

    /// <summary>Adds a record.</summary>
    public void Write(ReadOnlySpan<byte> message)
    {
        Span<byte> header = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)message.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], MaskedCrc(header[..8]));
        Span<byte> footer = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(footer, MaskedCrc(message));
        _stream.Write(header);
        _stream.Write(message);
        _stream.Write(footer);
        _stream.Flush();
    }

    /// <summary>CRC32C (Castagnoli), rotated and offset so that a CRC of data that hold CRCs stays sound.</summary>
    internal static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(data))
            crc = BitOperations.Crc32C(crc, word);
        foreach (var value in data[(data.Length / 8 * 8)..])
            crc = BitOperations.Crc32C(crc, value);
        return unchecked(BitOperations.RotateRight(~crc, 15) + 0xa282ead8);
    }

    public void Dispose() => _stream.Dispose();
}
