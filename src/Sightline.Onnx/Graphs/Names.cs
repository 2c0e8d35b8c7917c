namespace Sightline.Onnx.Graphs;

/// <summary>Names of inputs, outputs and sizes that readers of ONNX folders look for.</summary>
internal static class Names
{
    public const string Batch = "batch_size";
    public const string Length = "decoder_sequence_length";
    public const string PastLength = "past_decoder_sequence_length";
    public const string TotalLength = "past_decoder_sequence_length + decoder_sequence_length";
    public const string InputIds = "input_ids";
    public const string EncoderHiddenStates = "encoder_hidden_states";
    public const string UseCacheBranch = "use_cache_branch";
    public const string Logits = "logits";

    private static readonly string[] s_parts = ["key", "value"];

    /// <summary>The values of a cache: <c>past_key_values.0.key</c>, <c>past_key_values.0.value</c>, <c>past_key_values.1.key</c>, …</summary>
    /// <param name="stem"><c>past_key_values</c> or <c>present</c>.</param>
    /// <param name="layers">Number of decoder blocks.</param>
    /// <param name="owner">Whose keys: nothing where a decoder keeps its own alone, otherwise <c>.decoder</c> or <c>.encoder</c>.</param>
    public static IEnumerable<string> Cache(string stem, int layers, string owner) =>
        Enumerable.Range(0, layers).SelectMany(layer => s_parts.Select(part => $"{stem}.{layer}{owner}.{part}"));
}
