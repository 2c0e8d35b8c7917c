using System.Runtime.CompilerServices;

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
        fixed (float* x = input, y = output, values = panels.Values, offsets = _bias)
        {
            var parallel = pool.Threads > 1 && (long)rows * InFeatures * OutFeatures >= MinimumParallelWork;
            var call = new Call { X = x, Y = y, Panels = values, Bias = offsets, Rows = rows, Activation = activation, Accumulate = accumulate };
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
            var place = call->Y + ((long)row * OutFeatures) + start;
            var direct = call->Activation == Activation.Identity && count == width;
            TileOutputs<T>.AddBias(tile, width, rows, 1, null, call->Bias + start, direct ? place : tile, direct ? OutFeatures : width, direct && call->Accumulate);
            if (!direct)
                TileOutputs<T>.Activate(tile, width, rows, call->Activation, count, place, OutFeatures, call->Accumulate);
        }
    }

    private struct Call
    {
        public float* X;
        public float* Y;
        public float* Panels;
        public float* Bias;
        public int Rows;
        public int Chunks;
        public int PanelsPerBlock;
        public Activation Activation;
        public bool Accumulate;
    }
}
