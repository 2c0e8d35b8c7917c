using Sightline.Checkpoints.Pickle;
using Sightline.Checkpoints.Zip;
using Sightline.IO;

namespace Sightline.Checkpoints;

/// <summary>
/// Writes state dicts as <c>torch.save</c> does (a zip file, pickle protocol 2), byte for byte as PyTorch 1.13; <c>torch.load(weights_only=True)</c>
/// reads them. Tensors with equal memories share one storage.
/// </summary>
public static class PyTorchWriter
{
    private static readonly PickleGlobal s_orderedDict = new("collections", "OrderedDict");
    private static readonly PickleGlobal s_rebuildTensor = new("torch._utils", "_rebuild_tensor_v2");
    private static readonly Dictionary<TensorDType, PickleGlobal> s_storageClasses =
        TorchGlobals.StorageClasses.ToDictionary(entry => entry.DType, entry => new PickleGlobal("torch", entry.Name));

    /// <summary>Writes a file as a whole or not at all.</summary>
    /// <param name="path">The file; its folder must exist. Its name without extension is the folder inside the zip file, as with PyTorch.</param>
    /// <param name="tensors">The tensors in the order of the state dict.</param>
    /// <exception cref="ArgumentException">A name is used twice or the bytes do not fit a shape.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, IEnumerable<TensorData> tensors)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var pending = PendingTensor.Keep(tensors);
        AtomicFile.Write(path, stream => Write(stream, ArchiveName(path), pending));
    }

    /// <summary>The name of the folder inside the zip file.</summary>
    internal static string ArchiveName(string path) => Path.GetFileNameWithoutExtension(path) is { Length: > 0 } name ? name : "archive";

    /// <summary>Writes the content of a file.</summary>
    internal static void Write(Stream stream, string archiveName, IEnumerable<PendingTensor> tensors)
    {
        var state = new PickleDictionary();
        var keys = new Dictionary<object, string>();
        var storages = new List<(string Key, PendingTensor Tensor)>();
        foreach (var tensor in tensors)
        {
            if (!keys.TryGetValue(tensor.ShareKey, out var key))
            {
                key = storages.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
                keys.Add(tensor.ShareKey, key);
                storages.Add((key, tensor));
            }

            state.Set(tensor.Name, Rebuild(tensor.DType, tensor.Shape, key));
        }

        var zip = new TorchZipWriter(stream, archiveName);
        zip.Add("data.pkl", PickleWriter.Write(state));
        foreach (var (key, tensor) in storages.OrderBy(storage => storage.Key, StringComparer.Ordinal))
            zip.Add($"data/{key}", tensor.Read().Span);
        zip.Add("version", "3\n"u8);
        zip.Finish();
    }

    /// <summary>What a pickle says of a contiguous tensor that has a storage to itself.</summary>
    internal static PickleReduce Rebuild(TensorDType dtype, IReadOnlyList<long> shape, string key)
    {
        var strides = new object?[shape.Count];
        var stride = 1L;
        for (var i = strides.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= Math.Max(shape[i], 1);
        }

        var elements = shape.Aggregate(1L, (product, size) => product * size);
        var storage = new PicklePersistentId(["storage", s_storageClasses[dtype], key, "cpu", elements]);
        var noHooks = new PickleReduce(s_orderedDict, []);
        return new PickleReduce(s_rebuildTensor, [storage, 0L, shape.Select(size => (object?)size).ToArray(), strides, false, noHooks]);
    }
}
