using System.Buffers.Binary;

namespace Sightline.Checkpoints;

/// <summary>
/// A <c>.safetensors</c> file, memory-mapped: eight bytes with the length of the header, the header in JSON, the tensors one after the other.
/// The header is read and checked when the file is opened, the data when they are asked for.
/// Format: https://github.com/huggingface/safetensors.
/// </summary>
public sealed class SafetensorsFile : TensorSource
{
    /// <summary>The longest header that is read, in bytes, as in the reference implementation.</summary>
    public const int MaxHeaderBytes = 100_000_000;

    private const int LengthBytes = 8;

    private readonly MappedFile _file;
    private readonly SafetensorsHeader _header;
    private readonly long _dataStart;

    private SafetensorsFile(MappedFile file, SafetensorsHeader header, long dataStart)
    {
        _file = file;
        _header = header;
        _dataStart = dataStart;
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, TensorInfo> Tensors => _header.Tensors;

    /// <summary>The texts under <c>__metadata__</c>, e.g. <c>format</c> = <c>pt</c>; empty where there are none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="CheckpointException">The file is missing, is not a safetensors file, is damaged, or holds an unsupported dtype.</exception>
    public static SafetensorsFile Open(string path)
    {
        var file = MappedFile.Open(path);
        try
        {
            NotACheckpoint.Check(file, "safetensors");
            if (file.Length < LengthBytes)
                throw new CheckpointException($"{path}: {file.Length} bytes are too few for a safetensors file; is it cut off?");
            var length = BinaryPrimitives.ReadUInt64LittleEndian(file.Span(0, LengthBytes));
            if (length > MaxHeaderBytes)
                throw new CheckpointException($"{path}: the header claims {length} bytes, more than the {MaxHeaderBytes} allowed; not a safetensors file.");
            var dataStart = LengthBytes + (long)length;
            if (dataStart > file.Length)
                throw new CheckpointException($"{path}: the header claims {length} bytes, the file holds {file.Length - LengthBytes} after its length; it is cut off or not a safetensors file.");
            var header = SafetensorsHeader.Parse(path, file.Span(LengthBytes, (int)length), file.Length - dataStart);
            return new SafetensorsFile(file, header, dataStart);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> GetMemory(string name)
    {
        var info = Find(name);
        var (begin, end) = _header.RangeOf(name);
        return _file.Memory(_dataStart + begin, CheckedLength(info, end - begin));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _file.Dispose();
}
