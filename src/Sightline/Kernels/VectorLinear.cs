using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sightline.Kernels;

/// <summary>fp32 weights in panels; blocks of rows × panels are shared among threads.</summary>
internal sealed unsafe class VectorLinear<T>(PackedPanels panels, float[]? bias, int inFeatures, int outFeatures, WorkerPool pool)
    : LinearLayer(inFeatures, outFeatures) where T : struct, ILanes<T>
{
    // Work below this many multiplications is not worth a second thread.
    private const long MinimumParallelWork = 1 << 18;

    // Rows of a block: a multiple of the tallest tile; the results stay in the first-level cache until bias and activation have passed over them.
    private const int BlockRows = 48;

    private const int ChunkRows = 104; // rows of a block at most: with a panel they stay in the second-level cache

    private readonly float[] _bias = Pad(bias, panels.Count * PanelKernels<T>.Width);

    public override long ByteCount => panels.ByteCount + (sizeof(float) * (bias?.Length ?? 0));

    public override void CopyWeightRow(int output, Span<float> row) => panels.CopyRow(output, row[..InFeatures]);

    public override void Forward(ReadOnlySpan<float> input, int rows, Span<float> output, Activation activation = Activation.Identity, bool accumulate = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(input.Length, rows * InFeatures);
        ArgumentOutOfRangeException.ThrowIfLessThan(output.Length, rows * OutFeatures);
        if (rows == 0)
            return;
        fixed (float* x = input, y = output, values = panels.Values)
        {
            var parallel = pool.Threads > 1 && (long)rows * InFeatures * OutFeatures >= MinimumParallelWork;
            var call = new Call { X = x, Y = y, Panels = values, Rows = rows, Activation = activation, Accumulate = accumulate };
            // As many chunks of rows for each thread, so that it finds the rows that it wrote itself; several blocks per thread even out disturbances.
            call.Chunks = parallel && rows > ChunkRows ? (rows + (ChunkRows * pool.Threads) - 1) / (ChunkRows * pool.Threads) * pool.Threads : 1;
            call.PanelsPerBlock = !parallel ? panels.Count : call.Chunks > 1 ? 1 : Math.Max(1, panels.Count / (pool.Threads * 8));
            if (parallel)
                pool.For(call.Chunks * ((panels.Count + call.PanelsPerBlock - 1) / call.PanelsPerBlock), &RunBlock, this, &call);
            else
                RunBlock(this, &call, 0);
        }
    }

    private static void RunBlock(object self, void* arguments, int block)
    {
        var layer = (VectorLinear<T>)self;
        var call = (Call*)arguments;
        var (chunk, place) = Math.DivRem(block, (layer.PanelCount + call->PanelsPerBlock - 1) / call->PanelsPerBlock);
        var firstRow = (int)((long)chunk * call->Rows / call->Chunks);
        var endRow = (int)((long)(chunk + 1) * call->Rows / call->Chunks);
        var end = Math.Min(layer.PanelCount, (place + 1) * call->PanelsPerBlock);
        for (var panel = place * call->PanelsPerBlock; panel < end; panel++)
            layer.RunPanel(call, panel, firstRow, endRow);
    }

    private int PanelCount => panels.Count;

    [SkipLocalsInit]
    private void RunPanel(Call* call, int panel, int firstRow, int endRow)
    {
        var width = panels.Width;
        var start = panel * width;
        var count = Math.Min(width, OutFeatures - start);
        var tile = stackalloc float[BlockRows * PanelKernels<T>.Width];
        var end = (byte*)(call->Panels + panels.Start(panel + 1));
        var ahead = new PrefetchCursor(end, end + ((long)InFeatures * width * sizeof(float)));
        for (var row = firstRow; row < endRow; row += BlockRows)
        {
            var rows = Math.Min(BlockRows, endRow - row);
            PanelKernels<T>.Multiply(call->X + ((long)row * InFeatures), InFeatures, rows, InFeatures, call->Panels + panels.Start(panel), tile, width, ref ahead);
            if (call->Activation == Activation.Identity && count == width)
                AddBias(tile, start, rows, call->Y + ((long)row * OutFeatures) + start, OutFeatures, call->Accumulate);
            else
                Finish(call, tile, start, row, rows, count);
        }
    }

    // Straight to where the outputs belong.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddBias(float* tile, int start, int rows, float* target, long stride, bool accumulate)
    {
        var width = PanelKernels<T>.Width;
        ref var offsets = ref MemoryMarshal.GetArrayDataReference(_bias);
        for (nuint o = 0; o < (nuint)width; o += (nuint)T.Count)
        {
            var offset = T.Load(ref offsets, (nuint)start + o);
            for (var i = 0; i < rows; i++)
            {
                ref var output = ref Unsafe.AsRef<float>(target + (i * stride));
                var value = T.Add(T.Load(ref Unsafe.AsRef<float>(tile + (i * width)), o), offset);
                if (accumulate)
                    value = T.Add(T.Load(ref output, o), value);
                value.Store(ref output, o);
            }
        }
    }

    private void Finish(Call* call, float* tile, int start, int row, int rows, int count)
    {
        var width = PanelKernels<T>.Width;
        AddBias(tile, start, rows, tile, width, accumulate: false);
        VectorActivations<T>.Apply(call->Activation, new Span<float>(tile, rows * width));
        for (var i = 0; i < rows; i++)
        {
            var values = new ReadOnlySpan<float>(tile + (i * width), count);
            var target = new Span<float>(call->Y + ((long)(row + i) * OutFeatures) + start, count);
            if (call->Accumulate)
                TensorPrimitives.Add(target, values, target);
            else
                values.CopyTo(target);
        }
    }

    private struct Call
    {
        public float* X;
        public float* Y;
        public float* Panels;
        public int Rows;
        public int Chunks;
        public int PanelsPerBlock;
        public Activation Activation;
        public bool Accumulate;
    }
}
