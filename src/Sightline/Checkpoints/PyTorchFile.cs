using Sightline.Checkpoints.Pickle;

namespace Sightline.Checkpoints;

/// <summary>
/// A state dict that <c>torch.save</c> wrote (<c>pytorch_model.bin</c>), as a zip file or in the form before PyTorch 1.6, memory-mapped.
/// Its pickle is read by a machine that knows tensors, storages and dictionaries only and executes nothing.
/// Entries that are not tensors are left out.
/// </summary>
public sealed class PyTorchFile : TensorSource
{
    private readonly TorchArchive _archive;
    private readonly Dictionary<string, TensorInfo> _infos = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TorchTensor> _tensors = new(StringComparer.Ordinal);

    private PyTorchFile(string path, TorchArchive archive)
    {
        _archive = archive;
        if (archive.Root is not PickleDictionary state)
            throw new CheckpointException($"{path}: holds a {Describe(archive.Root)}, not a state dict (a dict from names to tensors).");
        foreach (var (key, value) in state.Entries)
        {
            if (key is not string name || value is not TorchTensor tensor)
                continue;
            _tensors.Add(name, tensor);
            _infos.Add(name, new TensorInfo(name, tensor.Storage.DType, tensor.Shape, path));
        }

        if (_tensors.Count == 0 && state.Count > 0)
            throw new CheckpointException($"{path}: none of its {state.Count} entries is a tensor ({MessageText.List([.. state.Entries.Take(5).Select(e => e.Key.ToString() ?? "")])}); a state dict was expected.");
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, TensorInfo> Tensors => _infos;

    /// <summary>Opens a file and reads its pickle.</summary>
    /// <exception cref="CheckpointException">The file is missing, damaged, not a state dict, or its pickle names something that tensors do not need.</exception>
    public static PyTorchFile Open(string path)
    {
        var archive = TorchArchive.Open(path, TorchGlobals.Create());
        try
        {
            return new PyTorchFile(path, archive);
        }
        catch
        {
            archive.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> GetMemory(string name)
    {
        var info = Find(name);
        return _archive.Read(_tensors[name], CheckedLength(info, info.ElementCount * info.DType.Size()));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _archive.Dispose();

    private static string Describe(object? root) => root switch
    {
        null => "None",
        TorchTensor => "single tensor",
        List<object?> => "list",
        object?[] => "tuple",
        PickleObject value => value.ClassName,
        _ => "single value",
    };
}
