using Sightline.Models;
using Sightline.Training.Modeling;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Benchmarks.Captions;

/// <summary>GPT-2 with cross-attention, one step at a time, as Transformers computes it with a cache.</summary>
internal sealed class TorchDecoder : IDisposable
{
    private static readonly ComputeMode s_mode = new();

    private readonly string _activation;
    private readonly double _epsilon;
    private readonly List<Tensor> _weights = [];
    private readonly Tensor _tokens; // [vocabulary, width]
    private readonly Tensor _positions; // [positions, width]
    private readonly Tensor _head; // [vocabulary, width]
    private readonly Norm _finalNorm;
    private readonly Block[] _blocks;

    public TorchDecoder(ModelCheckpoint checkpoint, ScalarType type)
    {
        var config = checkpoint.Config.Decoder;
        if (!config.ScaleAttnWeights || config.ScaleAttnByInverseLayerIdx)
            throw new NotSupportedException("This benchmark divides attention scores by the square root of the head width only.");
        (_activation, _epsilon) = (config.ActivationFunction, config.LayerNormEpsilon);
        (Heads, VocabularySize, MaxPositions) = (config.NHead, config.VocabSize, config.NPositions);
        _tokens = Load("transformer.wte.weight", config.VocabSize);
        _positions = Load("transformer.wpe.weight", config.NPositions);
        _head = config.TieWordEmbeddings ? _tokens : Load("lm_head.weight", config.VocabSize);
        _finalNorm = LoadNorm("transformer.ln_f");
        _blocks = [.. Enumerable.Range(0, config.NLayer).Select(i => $"transformer.h.{i}").Select(block => new Block(
            LoadNorm($"{block}.ln_1"), LoadLinear($"{block}.attn.c_attn"), LoadLinear($"{block}.attn.c_proj"),
            LoadNorm($"{block}.ln_cross_attn"), LoadLinear($"{block}.crossattention.q_attn"), LoadLinear($"{block}.crossattention.c_attn"), LoadLinear($"{block}.crossattention.c_proj"),
            LoadNorm($"{block}.ln_2"), LoadLinear($"{block}.mlp.c_fc", config.NEmbd), LoadLinear($"{block}.mlp.c_proj", config.InnerSize)))];

        Tensor Load(string name, int rows)
        {
            using var scope = NewDisposeScope();
            var values = tensor(checkpoint.Parameters[$"decoder.{name}"]);
            _weights.Add((rows == 0 ? values : values.view(rows, -1)).to(type, copy: true).DetachFromDisposeScope());
            return _weights[^1];
        }

        Norm LoadNorm(string name) => new(Load($"{name}.weight", 0), Load($"{name}.bias", 0));

        // Stored [in, out]; torch's products of few rows are faster with [out, in].
        Linear LoadLinear(string name, int inputs = 0)
        {
            using var stored = Load($"{name}.weight", inputs > 0 ? inputs : config.NEmbd);
            _weights[^1] = stored.t().contiguous();
            return new(_weights[^1], Load($"{name}.bias", 0));
        }
    }

    public int Heads { get; }

    public int VocabularySize { get; }

    public int MaxPositions { get; }

    public int Layers => _blocks.Length;

    /// <summary>Keys and values of every block, each [images, heads, positions, head width], of encoder states [images, positions, width].</summary>
    public KeyValues[] Cross(Tensor states) => [.. _blocks.Select(block => KeyValues.Split(block.CrossKeyValue.Of(states).chunk(2, 2), Heads))];

    /// <summary>Logits [rows, vocabulary] of the last position.</summary>
    /// <param name="ids">[rows, count]; more than one only where nothing is cached.</param>
    /// <param name="caches">What each block has seen, replaced by what it has seen then.</param>
    /// <param name="cross">Of <see cref="Cross"/>; the rows of an image follow each other.</param>
    public Tensor Step(Tensor ids, KeyValues?[] caches, KeyValues[] cross)
    {
        var (past, count) = (caches[0]?.Keys.shape[2] ?? 0, ids.shape[1]);
        var hidden = _tokens.index_select(0, ids.view(-1)).view(ids.shape[0], count, -1) + _positions.narrow(0, past, count);
        for (var i = 0; i < _blocks.Length; i++)
        {
            var block = _blocks[i];
            var parts = block.QueryKeyValue.Of(block.Norm1.Of(hidden, _epsilon)).chunk(3, 2);
            var seen = KeyValues.Split(parts[1..], Heads);
            caches[i] = seen = caches[i]?.Append(seen) ?? seen;
            hidden += block.Projection.Of(Attend(parts[0], seen, causal: count > 1));
            // All beams of an image are queries of one attention, so that they share its keys and values.
            var query = block.CrossQuery.Of(block.NormCross.Of(hidden, _epsilon)).view(cross[i].Keys.shape[0], -1, hidden.shape[2]);
            hidden += block.CrossProjection.Of(Attend(query, cross[i], causal: false)).view(hidden.shape);
            hidden += block.Contract.Of(Operations.Activate(_activation, block.Expand.Of(block.Norm2.Of(hidden, _epsilon)), s_mode));
        }

        return functional.linear(_finalNorm.Of(hidden.select(1, count - 1), _epsilon), _head);
    }

    public void Dispose() => _weights.ForEach(weight => weight.Dispose());

    private Tensor Attend(Tensor query, KeyValues over, bool causal) =>
        Operations.MergeHeads(Operations.Attend(Operations.SplitHeads(query, Heads), over.Keys, over.Values, s_mode, dropout: 0, causal));

    private sealed record Block(
        Norm Norm1, Linear QueryKeyValue, Linear Projection, Norm NormCross, Linear CrossQuery, Linear CrossKeyValue, Linear CrossProjection,
        Norm Norm2, Linear Expand, Linear Contract);

    private sealed record Linear(Tensor Weight, Tensor Bias)
    {
        public Tensor Of(Tensor input) => functional.linear(input, Weight, Bias);
    }

    private sealed record Norm(Tensor Weight, Tensor Bias)
    {
        public Tensor Of(Tensor input, double epsilon) => functional.layer_norm(input, Weight.shape, Weight, Bias, epsilon);
    }
}
