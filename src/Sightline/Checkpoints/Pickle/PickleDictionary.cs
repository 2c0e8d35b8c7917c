using System.Diagnostics.CodeAnalysis;

namespace Sightline.Checkpoints.Pickle;

/// <summary>
/// A Python dict or OrderedDict: keys are texts, whole numbers, floats or booleans, in the order of insertion; a repeated key keeps its place and
/// takes the new value, as in Python.
/// </summary>
internal sealed class PickleDictionary : IPickleState
{
    private Dictionary<object, int>? _places; // made with the first entry: an empty dict must stay small
    private List<KeyValuePair<object, object?>>? _entries;

    /// <summary>Keys and values in the order of insertion.</summary>
    public IReadOnlyList<KeyValuePair<object, object?>> Entries => _entries ?? (IReadOnlyList<KeyValuePair<object, object?>>)[];

    /// <summary>The attributes that a pickle gives to an OrderedDict beside its entries (torch keeps <c>_metadata</c> there); null where there are none.</summary>
    public object? State { get; private set; }

    /// <summary>Number of entries.</summary>
    public int Count => _entries?.Count ?? 0;

    /// <summary>The value under a text key.</summary>
    public bool TryGetValue(object key, [MaybeNullWhen(true)] out object? value)
    {
        value = null;
        if (_places is null || !_places.TryGetValue(key, out var place))
            return false;
        value = _entries![place].Value;
        return true;
    }

    /// <summary>Adds an entry or replaces the value of one.</summary>
    /// <param name="key">A string, long, double or bool.</param>
    /// <param name="value">Anything.</param>
    public void Set(object key, object? value)
    {
        _places ??= new Dictionary<object, int>(SeededComparer.Instance);
        _entries ??= [];
        if (_places.TryAdd(key, _entries.Count))
            _entries.Add(new(key, value));
        else
            _entries[_places[key]] = new(_entries[_places[key]].Key, value);
    }

    /// <inheritdoc/>
    public void SetState(object? state) => State = state;

    // Numbers hash to themselves in .NET; with a seed, a file cannot choose keys that all collide.
    private sealed class SeededComparer : IEqualityComparer<object>
    {
        public static readonly SeededComparer Instance = new();

        public new bool Equals(object? x, object? y) => object.Equals(x, y);

        public int GetHashCode(object key) => HashCode.Combine(key);
    }
}
