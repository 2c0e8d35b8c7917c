using System.Numerics.Tensors;
using System.Runtime.Intrinsics;

namespace Sightline.Kernels;

/// <summary>Kernels on the processor's vectors; <see cref="Create"/> picks the widest kind it has.</summary>
internal abstract class VectorKernels : KernelSet
{
    /// <summary>The widest kernels this processor runs in hardware.</summary>
    public static new KernelSet Create(int threads, WeightFormat format = WeightFormat.Fp32) => Available(threads, format)[0];

    /// <summary>Every kind that this processor can run, best first; the last runs anywhere.</summary>
    public static IReadOnlyList<KernelSet> Available(int threads, WeightFormat format = WeightFormat.Fp32)
    {
        var sets = new List<KernelSet>();
        if (Vector512.IsHardwareAccelerated)
            sets.Add(new VectorKernels<Lanes512>(threads, format));
        if (Vector256.IsHardwareAccelerated)
            sets.Add(new VectorKernels<Lanes256>(threads, format));
        sets.Add(new VectorKernels<Lanes128>(threads, format));
        return sets;
    }
}

/// <summary>The kernels for one vector width.</summary>
internal sealed unsafe class VectorKernels<T>(int threads, WeightFormat format) : VectorKernels where T : struct, ILanes<T>
{
    private const int ParallelLength = 1 << 15;
    private const int BlockLength = 1 << 13;
    private readonly WorkerPool _pool = WorkerPool.Get(threads);

    // Where weights are rounded, so are the keys and values that every query sees.
    private readonly PackedAttention<T>? _packed = format is WeightFormat.Fp32 or WeightFormat.Auto ? null : new(PanelDots.Create(DotKind.Bf16), WorkerPool.Get(threads));

    public override string Name => T.Name;

    public override LinearLayer Linear(ReadOnlySpan<float> weight, WeightLayout layout, float[]? bias, int inFeatures, int outFeatures, LinearRole role = LinearRole.Encoder) =>
        FormatPlan.Kind(format, role) is not null
            ? Linear(WeightPacker.Pack(format, role, weight, layout, inFeatures, outFeatures), bias, role)
            : new VectorLinear<T>(new PackedPanels(weight, layout, inFeatures, outFeatures, PanelKernels<T>.Width), bias, inFeatures, outFeatures, _pool);

    public override LinearLayer Linear(PackedWeights weights, float[]? bias, LinearRole role)
    {
        var layer = new PackedLinear<T>(weights, bias, FormatPlan.Digits(role), PanelDots.Create(weights.Kind), _pool);
        return weights.Remainder is { } remainder ? new RefinedLinear(layer, remainder, _pool) : layer;
    }

    public override void LayerNorm(ReadOnlySpan<float> input, ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta, double epsilon, Span<float> output)
    {
        fixed (float* x = input, g = gamma, b = beta, y = output)
        {
            var call = new NormCall { X = x, Gamma = g, Beta = b, Y = y, Width = gamma.Length, Rows = input.Length / gamma.Length, Epsilon = epsilon };
            call.RowsPerBlock = input.Length < ParallelLength ? call.Rows : Math.Max(1, BlockLength / gamma.Length);
            if (call.Rows > 0)
                _pool.For((call.Rows + call.RowsPerBlock - 1) / call.RowsPerBlock, &NormBlock, this, &call);
        }
    }

    private static void NormBlock(object self, void* arguments, int block)
    {
        ref var call = ref *(NormCall*)arguments;
        var width = call.Width;
        var gamma = new ReadOnlySpan<float>(call.Gamma, width);
        var beta = new ReadOnlySpan<float>(call.Beta, width);
        for (var i = block * call.RowsPerBlock; i < Math.Min(call.Rows, (block + 1) * call.RowsPerBlock); i++)
        {
            var source = new ReadOnlySpan<float>(call.X + ((long)i * width), width);
            var row = new Span<float>(call.Y + ((long)i * width), width);
            VectorNorm<T>.Apply(source, gamma, beta, call.Epsilon, row);
        }
    }

    public override void Activate(Activation function, Span<float> values)
    {
        fixed (float* start = values)
        {
            var call = new ActivationCall { Values = start, Length = values.Length, Function = function };
            if (values.Length < ParallelLength)
                VectorActivations<T>.Apply(function, values);
            else
                _pool.For((values.Length + BlockLength - 1) / BlockLength, &ActivateBlock, this, &call);
        }
    }

    private static void ActivateBlock(object self, void* arguments, int block)
    {
        ref var call = ref *(ActivationCall*)arguments;
        VectorActivations<T>.Apply(call.Function, new Span<float>(call.Values + (block * BlockLength), Math.Min(BlockLength, call.Length - (block * BlockLength))));
    }

    public override void Add(Span<float> values, ReadOnlySpan<float> addend) => TensorPrimitives.Add(values, addend, values);

    public override void Attention(in AttentionShape shape, ReadOnlySpan<float> queries, ReadOnlySpan<float> keys, ReadOnlySpan<float> values,
        ReadOnlySpan<int> keyOffsets, ReadOnlySpan<byte> keyMask, Span<float> output, Span<float> probabilities)
    {
        if (_packed is not null && !shape.Causal && keyOffsets.IsEmpty && keyMask.IsEmpty && shape.KeyHeadStride == 0)
            _packed.Run(shape, queries, keys, values, output, probabilities);
        else
            AttentionKernels<T>.Run(shape, queries, keys, values, keyOffsets, keyMask, output, probabilities, _pool);
    }

    public override int PackedKeysAndValuesSize(in AttentionShape shape) =>
        _packed is null ? base.PackedKeysAndValuesSize(shape) : PackedAttention<T>.Size(shape);

    public override void PackKeysAndValues(in AttentionShape shape, ReadOnlySpan<float> keys, ReadOnlySpan<float> values, Span<byte> packed)
    {
        if (_packed is null)
            base.PackKeysAndValues(shape, keys, values, packed);
        else
            _packed.Pack(shape, keys, values, packed);
    }

    public override void Attention(in AttentionShape shape, ReadOnlySpan<float> queries, ReadOnlySpan<byte> packed, Span<float> output, Span<float> probabilities)
    {
        if (_packed is null)
            base.Attention(shape, queries, packed, output, probabilities);
        else
            _packed.Run(shape, queries, packed, output, probabilities);
    }

    private struct NormCall
    {
        public float* X;
        public float* Gamma;
        public float* Beta;
        public float* Y;
        public int Width;
        public int Rows;
        public int RowsPerBlock;
        public double Epsilon;
    }

    private struct ActivationCall
    {
        public float* Values;
        public int Length;
        public Activation Function;
    }
}
