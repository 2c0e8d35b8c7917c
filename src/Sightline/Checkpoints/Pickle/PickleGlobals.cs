namespace Sightline.Checkpoints.Pickle;

/// <summary>The names that a pickle may use. Every other one ends the reading with an error that names it.</summary>
internal sealed class PickleGlobals
{
    private readonly Dictionary<(string Module, string Name), PickleGlobal> _allowed = [];

    /// <summary>Allows one more name.</summary>
    /// <returns>This list, for chaining.</returns>
    public PickleGlobals Allow(string module, string name, Func<PickleReader, object?[], object?>? construct = null, object? tag = null)
    {
        _allowed[(module, name)] = new PickleGlobal(module, name, construct, tag);
        return this;
    }

    /// <summary>Allows a class whose instances are kept as a <see cref="PickleObject"/>: its arguments and its attributes, without behaviour.</summary>
    /// <returns>This list, for chaining.</returns>
    public PickleGlobals AllowObject(string module, string name) =>
        Allow(module, name, (_, arguments) => new PickleObject($"{module}.{name}", arguments));

    /// <summary>The allowed name, or null.</summary>
    public PickleGlobal? Find(string module, string name) => _allowed.GetValueOrDefault((module, name));
}
