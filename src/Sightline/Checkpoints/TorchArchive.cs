using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Sightline.Checkpoints.Pickle;
using Sightline.Checkpoints.Zip;

namespace Sightline.Checkpoints;

/// <summary>
/// What <c>torch.save</c> writes: one pickled value and the storages it refers to, as a zip file (PyTorch 1.6 and later) or as pickles in a row
/// followed by the storages (before). The value is read when the archive is opened; the storages stay in the mapped file.
/// Formats: <c>torch/serialization.py</c>.
/// </summary>
internal sealed class TorchArchive : IDisposable
{
    /// <summary>The longest pickle that is read, in bytes: about 120 are needed for one tensor.</summary>
    private const int MaxPickleBytes = 64 << 20;

    private const int ProtocolVersion = 1001;

    private static readonly BigInteger s_magic = BigInteger.Parse("119547037146038801333356", System.Globalization.CultureInfo.InvariantCulture);

    private readonly MappedFile _file;
    private readonly Dictionary<string, TorchStorage> _storages = new(StringComparer.Ordinal);

    private TorchArchive(MappedFile file) => _file = file;

    /// <summary>The pickled value: plain values, <see cref="PickleDictionary"/>, <see cref="TorchTensor"/> and what the allowed names make.</summary>
    public object? Root { get; private set; }

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="globals">The names its pickle may use.</param>
    /// <exception cref="CheckpointException">The file is missing, damaged, or names something that is not allowed.</exception>
    public static TorchArchive Open(string path, PickleGlobals globals)
    {
        var file = MappedFile.Open(path);
        try
        {
            NotACheckpoint.Check(file, "PyTorch");
            var archive = new TorchArchive(file);
            if (ZipDirectory.IsZip(file))
                archive.ReadZip(globals);
            else
                archive.ReadLegacy(globals);
            return archive;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The elements of a tensor, row-major and contiguous. Equal views of one storage give equal memories.</summary>
    /// <param name="tensor">A tensor of this archive.</param>
    /// <param name="length">Its length in bytes.</param>
    public ReadOnlyMemory<byte> Read(TorchTensor tensor, int length)
    {
        if (length == 0)
            return ReadOnlyMemory<byte>.Empty;
        var width = tensor.Storage.DType.Size();
        var start = tensor.Storage.FileOffset + tensor.Offset * width;
        if (tensor.IsContiguous)
            return _file.Memory(start, length);
        var span = (Int128)width;
        for (var i = 0; i < tensor.Shape.Length; i++)
            span += (Int128)(tensor.Shape[i] - 1) * tensor.Strides[i] * width;
        if (span > Array.MaxLength)
            throw Fail($"a tensor with strides reaches over {span} bytes; at most {Array.MaxLength} can be read");
        return tensor.Gather(_file.Span(start, (int)span));
    }

    public void Dispose() => _file.Dispose();

    private void ReadZip(PickleGlobals globals)
    {
        var entries = ZipDirectory.Read(_file);
        var slash = entries.FirstName.IndexOf('/', StringComparison.Ordinal);
        var folder = slash < 0 ? "" : entries.FirstName[..(slash + 1)];
        if (!entries.TryLocate(folder + "data.pkl", out var offset, out var length))
            throw Fail($"a zip file without {MessageText.Quote(folder + "data.pkl")}; not a file of torch.save");
        if (length > MaxPickleBytes)
            throw Fail($"its pickle has {length} bytes (at most {MaxPickleBytes} are read)");
        if (entries.TryLocate(folder + "byteorder", out var orderOffset, out var orderLength))
        {
            var order = Encoding.Latin1.GetString(_file.Span(orderOffset, (int)Math.Min(orderLength, 16)));
            if (order != "little")
                throw Fail($"byte order {MessageText.Quote(order)}; only little-endian files can be read");
        }

        var reader = new PickleReader(_file.Path, _file.Memory(offset, (int)length), globals, LoadStorage);
        Root = reader.Read();
        foreach (var storage in _storages.Values)
        {
            if (!entries.TryLocate($"{folder}data/{storage.Key}", out var at, out var bytes))
                throw Fail($"storage {MessageText.Quote(storage.Key)} is missing from the archive");
            if (bytes != storage.ElementCount * storage.DType.Size())
                throw Fail($"storage {MessageText.Quote(storage.Key)} has {bytes} bytes; {storage.ElementCount} elements of {storage.DType} were expected");
            storage.FileOffset = at;
        }
    }

    private void ReadLegacy(PickleGlobals globals)
    {
        var reader = new PickleReader(_file.Path, _file.Memory(0, (int)Math.Min(_file.Length, MaxPickleBytes)), globals, LoadStorage);
        if (!IsMagic(reader))
            throw Fail("neither a zip file nor a pickle with PyTorch's magic number; not a file of torch.save");
        if (reader.Read() is not (long)ProtocolVersion)
            throw Fail($"not protocol version {ProtocolVersion} of torch.save");
        if (reader.Read() is not PickleDictionary system || !system.TryGetValue("little_endian", out var little) || little is not true)
            throw Fail("not saved on a little-endian machine; only such files can be read");
        Root = reader.Read();
        if (reader.Read() is not List<object?> keys)
            throw Fail("the list of storages is missing");
        LocateStorages(keys, reader.Position);
    }

    // After the pickles: for each key in turn, the number of elements in 8 bytes, then the elements.
    private void LocateStorages(List<object?> keys, long position)
    {
        foreach (var key in keys)
        {
            if (key is not string name || !_storages.TryGetValue(name, out var storage))
                throw Fail("its list of storages names one that no tensor uses");
            if (storage.FileOffset >= 0)
                throw Fail($"storage {MessageText.Quote(name)} is listed twice");
            if (_file.Length - position < sizeof(long))
                throw Fail($"cut off before storage {MessageText.Quote(name)}");
            var count = BinaryPrimitives.ReadInt64LittleEndian(_file.Span(position, sizeof(long)));
            position += sizeof(long);
            if (count != storage.ElementCount)
                throw Fail($"storage {MessageText.Quote(name)} has {count} elements; {storage.ElementCount} were expected");
            var bytes = count * storage.DType.Size();
            if (bytes > _file.Length - position)
                throw Fail($"storage {MessageText.Quote(name)} needs {bytes} bytes, {_file.Length - position} are left; the file is cut off");
            storage.FileOffset = position;
            position += bytes;
        }

        foreach (var storage in _storages.Values)
        {
            if (storage.FileOffset < 0)
                throw Fail($"storage {MessageText.Quote(storage.Key)} is missing from the list of storages");
        }
    }

    private static bool IsMagic(PickleReader reader)
    {
        try
        {
            return reader.Read() is BigInteger magic && magic == s_magic;
        }
        catch (CheckpointException)
        {
            return false;
        }
    }

    // ("storage", class, key, location, element count[, view]); the view of PyTorch before 0.4 is always None since.
    private TorchStorage LoadStorage(PickleReader reader, object? id)
    {
        if (id is not object?[] { Length: 5 or 6 } parts || parts is not ["storage", PickleGlobal { Tag: TensorDType dtype }, string key, string, long count, ..])
            throw reader.Fail("a persistent id that does not describe a storage");
        if (parts.Length == 6 && parts[5] is not null)
            throw reader.Fail($"storage {MessageText.Quote(key)} is a view of another, as PyTorch before 0.4 saved it; load and save the file again with a newer one");
        if (count < 0 || count > _file.Length / dtype.Size())
            throw reader.Fail($"storage {MessageText.Quote(key)} claims {count} elements of {dtype}; the file has {_file.Length} bytes");
        if (!_storages.TryGetValue(key, out var storage))
            _storages.Add(key, storage = new TorchStorage(key, dtype, count));
        else if (storage.DType != dtype || storage.ElementCount != count)
            throw reader.Fail($"storage {MessageText.Quote(key)} is described twice, as {storage.ElementCount} x {storage.DType} and as {count} x {dtype}");
        return storage;
    }

    private CheckpointException Fail(string problem) => new($"{_file.Path}: {problem}.");
}
