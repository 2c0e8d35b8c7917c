namespace Sightline.Checkpoints.Pickle;

/// <summary>A Python class or function that a pickle may name. It is only a name and, at most, a function of ours: nothing of Python's runs.</summary>
/// <param name="Module">The Python module, e.g. <c>torch._utils</c>.</param>
/// <param name="Name">The name in it, e.g. <c>_rebuild_tensor_v2</c>.</param>
/// <param name="Construct">Makes the value of a call from its arguments, or null where the name may be mentioned but not called.</param>
/// <param name="Tag">What the name stands for, for those who read it from an argument, e.g. the dtype of a storage class.</param>
internal sealed record PickleGlobal(string Module, string Name, Func<PickleReader, object?[], object?>? Construct = null, object? Tag = null)
{
    /// <summary>Module and name with a dot between.</summary>
    public string FullName => $"{Module}.{Name}";
}
