using Microsoft.ML.OnnxRuntime;

namespace Sightline.Benchmarks.Peers;

/// <summary>The outputs of a run, let go unless taken over.</summary>
internal sealed class DisposableValues(IDisposableReadOnlyCollection<OrtValue> values) : IDisposable
{
    private bool _taken;

    public OrtValue[] Take()
    {
        _taken = true;
        return [.. values];
    }

    public void Dispose()
    {
        if (!_taken)
            values.Dispose();
    }
}
