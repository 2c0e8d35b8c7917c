using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Sightline.Generation;

namespace Sightline.Benchmarks.Peers;

/// <summary>A decoding run on ONNX Runtime; what a step gives as <c>present.…</c> is the next step's <c>past_key_values.…</c>.</summary>
internal sealed class OnnxRuntimeSession : IDecoderSession
{
    private const string Past = "past_key_values.";
    private const string Present = "present.";

    private readonly InferenceSession _session;
    private readonly RunOptions _run;
    private readonly string[] _caches; // input names of the self-attention caches
    private readonly string[] _inputs;
    private readonly string[] _outputs;
    private readonly OrtValue[] _cross; // [rows, …]
    private readonly bool _ownsCross;
    private OrtValue[] _past;

    public OnnxRuntimeSession(InferenceSession session, RunOptions run, string[] crossInputs, OrtValue[] encoded, int batch, int rowsPerImage)
    {
        (_session, _run) = (session, run);
        Rows = batch * rowsPerImage;
        _caches = [.. session.InputNames.Where(name => name.StartsWith(Past, StringComparison.Ordinal) && !crossInputs.Contains(name))];
        HasBranch = session.InputNames.Contains("use_cache_branch");
        _inputs = ["input_ids", .. crossInputs, .. _caches, .. HasBranch ? (string[])["use_cache_branch"] : []];
        var unknown = session.InputNames.Except(_inputs).ToArray();
        if (unknown.Length > 0)
            throw new NotSupportedException($"The decoder wants {string.Join(", ", unknown)}, which this benchmark does not give.");
        _outputs = ["logits", .. _caches.Select(PresentName)];
        VocabularySize = (int)session.OutputMetadata["logits"].Dimensions[^1];
        (_cross, _ownsCross) = (rowsPerImage == 1 ? encoded : [.. encoded.Select(value => Repeat(value, rowsPerImage))], rowsPerImage > 1);
        _past = [.. _caches.Select(EmptyCache)];
    }

    public int Rows { get; }

    public int VocabularySize { get; }

    public int Length { get; private set; }

    public int MaxPositions => 1024;

    private bool HasBranch { get; }

    /// <summary>The output that gives what the input <paramref name="past"/> takes in the next step.</summary>
    public static string PresentName(string past) => past.StartsWith(Past, StringComparison.Ordinal) ? Present + past[Past.Length..] : past;

    public void Step(ReadOnlySpan<int> tokenIds, int count, Span<float> logits)
    {
        var ids = new long[tokenIds.Length];
        for (var i = 0; i < ids.Length; i++)
            ids[i] = tokenIds[i];
        using var inputIds = OrtValue.CreateTensorValueFromMemory(ids, [Rows, count]);
        using var branch = OrtValue.CreateTensorValueFromMemory(new[] { Length > 0 }, [1]);
        using var outputs = new DisposableValues(_session.Run(_run, _inputs, [inputIds, .. _cross, .. _past, .. HasBranch ? (OrtValue[])[branch] : []], _outputs));
        var values = outputs.Take();
        using (var scores = values[0])
        {
            var all = scores.GetTensorDataAsSpan<float>();
            for (var row = 0; row < Rows; row++)
                all.Slice(((row + 1) * count - 1) * VocabularySize, VocabularySize).CopyTo(logits[(row * VocabularySize)..]);
        }

        Replace(values[1..]);
        Length += count;
    }

    public void Reorder(ReadOnlySpan<int> sources)
    {
        var same = true;
        for (var row = 0; row < Rows; row++)
            same &= sources[row] == row;
        if (same)
            return;
        var next = new OrtValue[_past.Length];
        for (var i = 0; i < next.Length; i++)
        {
            next[i] = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, ElementType(_past[i]), _past[i].GetTensorTypeAndShape().Shape);
            var from = _past[i].GetTensorDataAsSpan<float>();
            var to = next[i].GetTensorMutableDataAsSpan<float>();
            var size = from.Length / Rows;
            for (var row = 0; row < Rows; row++)
                from.Slice(sources[row] * size, size).CopyTo(to[(row * size)..]);
        }

        Replace(next);
    }

    public void Dispose()
    {
        Replace([]);
        if (!_ownsCross)
            return;
        foreach (var value in _cross)
            value.Dispose();
    }

    private static OrtValue Repeat(OrtValue value, int times)
    {
        var shape = value.GetTensorTypeAndShape().Shape;
        var from = value.GetTensorDataAsSpan<float>();
        var size = from.Length / (int)shape[0];
        var repeated = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, ElementType(value), [shape[0] * times, .. shape[1..]]);
        var to = repeated.GetTensorMutableDataAsSpan<float>();
        for (var row = 0; row < shape[0] * times; row++)
            from.Slice(row / times * size, size).CopyTo(to[(row * size)..]);
        return repeated;
    }

    private static TensorElementType ElementType(OrtValue value) => value.GetTensorTypeAndShape().ElementDataType;

    private OrtValue EmptyCache(string name)
    {
        var shape = _session.InputMetadata[name].Dimensions; // [batch, heads, past, head size], free ones -1
        return OrtValue.CreateAllocatedTensorValue(
            OrtAllocator.DefaultInstance, TensorElementType.Float, [Rows, shape[1], 0, shape[3]]);
    }

    private void Replace(OrtValue[] next)
    {
        foreach (var value in _past)
            value.Dispose();
        _past = next;
    }
}
