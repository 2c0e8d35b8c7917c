using System.Globalization;
using Sightline.Checkpoints.Pickle;
using Sightline.Checkpoints.Zip;
using Sightline.IO;

namespace Sightline.Checkpoints;

/// <summary>
/// Writes any value as <c>torch.save</c> does: plain values, dictionaries and tensors in them. Tensors are read one by one while the file is written, so that a
/// file of gigabytes needs no second copy.
/// </summary>
internal sealed class TorchObjectWriter
{
    private readonly List<(string Key, Func<ReadOnlyMemory<byte>> Read)> _storages = [];

    /// <summary>A tensor to put into the value. Tensors must occur in it in the order in which they are made here.</summary>
    /// <param name="dtype">Element type.</param>
    /// <param name="shape">Sizes per dimension.</param>
    /// <param name="read">Gives the elements, row-major, when the file is written.</param>
    public object Tensor(TensorDType dtype, IReadOnlyList<long> shape, Func<ReadOnlyMemory<byte>> read)
    {
        var key = _storages.Count.ToString(CultureInfo.InvariantCulture);
        _storages.Add((key, read));
        return PyTorchWriter.Rebuild(dtype, shape, key);
    }

    /// <summary>Writes the file as a whole or not at all.</summary>
    /// <param name="path">Its name without extension is the folder inside the zip file, as with PyTorch.</param>
    /// <param name="root">What <see cref="PickleWriter"/> can write.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Write(string path, object? root) => AtomicFile.Write(path, stream =>
    {
        var zip = new TorchZipWriter(stream, PyTorchWriter.ArchiveName(path));
        zip.Add("data.pkl", PickleWriter.Write(root));
        foreach (var (key, read) in _storages.OrderBy(storage => storage.Key, StringComparer.Ordinal))
            zip.Add($"data/{key}", read().Span);
        zip.Add("version", "3\n"u8);
        zip.Finish();
    });
}
