using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sightline.Kernels;

/// <summary>
/// A linear layer on <see cref="PackedWeights"/>. Rows are first brought into the form of the kernel, then blocks of rows × panels are shared among
/// threads: sums by <see cref="PanelDot"/> into a tile on the stack, scales, bias and activation there, then out. A batch gives the bits that its rows
/// give alone.
/// </summary>
/// <param name="weights">Packed weights.</param>
/// <param name="bias">[outFeatures], or null.</param>
/// <param name="digits">Numbers for each input, 1 or 2 (<see cref="RowQuantizer"/>, <see cref="Bf16Rounding{T}"/>). The second makes the error of the inputs vanish beside that of the weights, and costs arithmetic but no memory traffic.</param>
/// <param name="dot">The inner loop.</param>
/// <param name="pool">Threads.</param>
internal sealed unsafe class PackedLinear<T>(PackedWeights weights, float[]? bias, int digits, PanelDot dot, WorkerPool pool)
    : LinearLayer(weights.InFeatures, weights.OutFeatures) where T : struct, ILanes<T>
{
    private const int Width = PanelDot.Width;
    private const int TileRows = PanelDot.TileRows; // each digit counts as one
    private const int ChunkRows = 104; // kernel rows of a block: with a panel they stay in the second-level cache
    private const int PreparedRows = 16; // rows of a block of preparation
    private const int SingleCallDistance = 16384; // bytes that the caches are asked ahead of the products where one call takes all rows
    private const long MinimumParallelWork = 1 << 17;

    private readonly float[] _bias = Pad(bias, weights.PanelCount * Width);
    private readonly int _groups = weights.Groups;
    private readonly int _zero = weights.Kind == DotKind.Int4 ? 8 : 128; // what stands for 0 in the panels
    private readonly int _rowBytes = weights.Steps * (weights.Kind == DotKind.Int4 ? 8 : 4);

    private int PanelCount => weights.PanelCount;

    // Of a few rows several panels in a row make a block, so that reading them is one stream.
    private int PanelsPerBlock => Math.Max(1, PanelCount / (8 * pool.Threads));

    public override long ByteCount => weights.Panels.Length + (sizeof(float) * ((long)weights.Scales.Length + (bias?.Length ?? 0)));

    /// <inheritdoc/>
    public override void ReadAhead()
    {
        var each = PanelsPerBlock;
        pool.Ahead.Announce((byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(weights.Panels.Span)), (PanelCount + each - 1) / each, (long)each * weights.PanelBytes);
    }

    public override void CopyWeightRow(int output, Span<float> row) => WeightPacker.CopyRow(weights, output, row);

    public override void Forward(ReadOnlySpan<float> input, int rows, Span<float> output, Activation activation = Activation.Identity, bool accumulate = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(input.Length, rows * InFeatures);
        ArgumentOutOfRangeException.ThrowIfLessThan(output.Length, rows * OutFeatures);
        if (rows == 0)
            return;
        var kernelRows = rows * digits;
        var rented = ArrayPool<byte>.Shared.Rent(checked((kernelRows * _rowBytes) + AlignedMemory.Alignment));
        var facts = ArrayPool<float>.Shared.Rent(rows + (kernelRows * _groups));
        using var panels = weights.Panels.Pin();
        using var scales = weights.Scales.Pin();
        fixed (float* x = input, y = output, numbers = facts, offsets = _bias)
        fixed (byte* bytes = rented)
        {
            var chunks = rows <= ChunkRows / digits ? 1 : Chunks(rows);
            var call = new Call
            {
                X = x,
                Y = y,
                Rows = (byte*)(((nint)bytes + AlignedMemory.Alignment - 1) & -AlignedMemory.Alignment),
                RowScales = numbers,
                Offsets = (int*)(numbers + rows),
                Panels = (byte*)panels.Pointer,
                Scales = (float*)scales.Pointer,
                Bias = offsets,
                RowCount = rows,
                Chunks = chunks,
                PanelsPerBlock = 1,
                BytesAhead = chunks == 1 && kernelRows <= dot.MaxRows ? PanelDot.StepBytes : PanelDot.StepBytes / 2,
                Activation = activation,
                Accumulate = accumulate,
            };
            if (rows > ChunkRows)
                pool.For((rows + PreparedRows - 1) / PreparedRows, &PrepareBlock, this, &call);
            else
                Prepare(call, 0, rows);

            var blocks = weights.PanelCount * call.Chunks;
            if ((long)kernelRows * InFeatures * OutFeatures < MinimumParallelWork)
            {
                for (var block = 0; block < blocks; block++)
                    RunBlock(this, &call, block);
            }
            else
            {
                call.PanelsPerBlock = call.Chunks > 1 ? 1 : PanelsPerBlock;
                Next?.ReadAhead();
                pool.For(call.Chunks * ((weights.PanelCount + call.PanelsPerBlock - 1) / call.PanelsPerBlock), &RunBlock, this, &call);
            }
        }

        ArrayPool<float>.Shared.Return(facts);
        ArrayPool<byte>.Shared.Return(rented);
    }

    private static void PrepareBlock(object self, void* call, int block)
    {
        var rows = ((Call*)call)->RowCount;
        ((PackedLinear<T>)self).Prepare(*(Call*)call, block * PreparedRows, Math.Min(rows, (block + 1) * PreparedRows));
    }

    // As many for each thread, so that it finds the rows that it wrote itself.
    private int Chunks(int rows)
    {
        var most = ChunkRows / digits * pool.Threads;
        return (rows + most - 1) / most * pool.Threads;
    }

    private void Prepare(in Call call, int first, int end)
    {
        for (var row = first; row < end; row++)
        {
            var source = new ReadOnlySpan<float>(call.X + ((long)row * InFeatures), InFeatures);
            var target = call.Rows + ((long)row * digits * _rowBytes);
            if (weights.Kind == DotKind.Bf16)
            {
                Bf16Rounding<T>.Round(source, new Span<ushort>(target, _rowBytes / 2), digits == 1 ? [] : new Span<ushort>(target + _rowBytes, _rowBytes / 2));
                continue;
            }

            var offsets = new Span<int>(call.Offsets + ((long)row * digits * _groups), digits * _groups);
            call.RowScales[row] = RowQuantizer.Quantize(source, new Span<sbyte>(target, _rowBytes), digits == 1 ? [] : new Span<sbyte>(target + _rowBytes, _rowBytes), offsets);
            for (var i = 0; i < offsets.Length; i++)
                offsets[i] *= -_zero;
        }
    }

    [SkipLocalsInit]
    private static void RunBlock(object self, void* arguments, int block)
    {
        var layer = (PackedLinear<T>)self;
        var call = (Call*)arguments;
        var (chunk, place) = Math.DivRem(block, (layer.PanelCount + call->PanelsPerBlock - 1) / call->PanelsPerBlock);
        var first = place * call->PanelsPerBlock;
        var end = Math.Min(layer.PanelCount, first + call->PanelsPerBlock);
        var firstRow = (int)((long)chunk * call->RowCount / call->Chunks);
        var endRow = (int)((long)(chunk + 1) * call->RowCount / call->Chunks);
        for (var panel = first; panel < end; panel++)
            layer.RunPanel(call, panel, firstRow, endRow);
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunPanel(Call* call, int panel, int firstRow, int endRow)
    {
        var tile = stackalloc float[TileRows * Width];
        var perTile = TileRows / digits;
        if (dot.MaxRows == TileRows)
            perTile = PanelDot.Alike(endRow - firstRow, perTile);
        var panelStart = call->Panels + ((long)panel * weights.PanelBytes);
        var ahead = new PrefetchCursor(panelStart + (call->BytesAhead == PanelDot.StepBytes ? SingleCallDistance : weights.PanelBytes), panelStart + (2 * weights.PanelBytes));
        for (var row = firstRow; row < endRow; row += perTile)
        {
            var rows = Math.Min(perTile, endRow - row);
            if (_groups > 1)
                SumGroups(call, panel, row, rows, tile, ref ahead);
            else
                Dots(call->Rows + ((long)row * digits * _rowBytes), rows * digits, panelStart, weights.Steps, tile, call->BytesAhead, ref ahead);
            Finish(call, panel, row, rows, tile);
        }
    }

    // Floats, a line for each row: the sums of every group times its scales.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SumGroups(Call* call, int panel, int row, int rows, float* tile, ref PrefetchCursor ahead)
    {
        const int Steps = PackedWeights.Group / 8;
        var part = stackalloc float[TileRows * Width];
        new Span<float>(tile, rows * Width).Clear();
        for (var group = 0; group < _groups; group++)
        {
            Dots(call->Rows + ((long)row * digits * _rowBytes) + (group * PackedWeights.Group), rows * digits,
                call->Panels + ((long)panel * weights.PanelBytes) + (group * Steps * PanelDot.StepBytes), Steps, part, call->BytesAhead, ref ahead);
            var scales = call->Scales + (((long)panel * _groups + group) * Width);
            for (var i = 0; i < rows; i++)
            {
                ref var sums = ref Unsafe.AsRef<int>(part + (i * digits * Width));
                ref var target = ref Unsafe.AsRef<float>(tile + (i * Width));
                var offsets = call->Offsets + ((long)(row + i) * digits * _groups) + group;
                for (nuint o = 0; o < Width; o += (nuint)T.Count)
                {
                    var value = T.Convert(ref sums, o, offsets[0]);
                    if (digits == 2)
                        value = T.Add(value, T.Multiply(T.Convert(ref sums, o + Width, offsets[_groups]), T.Broadcast(1 / RowQuantizer.Base)));
                    T.Add(T.Load(ref target, o), T.Multiply(value, T.Load(ref Unsafe.AsRef<float>(scales), o))).Store(ref target, o);
                }
            }
        }
    }

    private void Dots(byte* x, int kernelRows, byte* panel, int steps, float* tile, int bytes, ref PrefetchCursor ahead)
    {
        for (var done = 0; done < kernelRows; done += dot.MaxRows)
        {
            var rows = Math.Min(dot.MaxRows, kernelRows - done);
            dot.Multiply(x + ((long)done * _rowBytes), _rowBytes, rows, panel, steps, tile + (done * Width), ahead.Take(steps * bytes, panel), bytes);
        }
    }

    // From sums to outputs, straight to where they belong where no activation comes between.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Finish(Call* call, int panel, int row, int rows, float* tile)
    {
        var start = panel * Width;
        var count = Math.Min(Width, OutFeatures - start);
        var direct = call->Activation == Activation.Identity && count == Width;
        var place = call->Y + ((long)row * OutFeatures) + start;
        var target = direct ? place : tile;
        var stride = direct ? OutFeatures : Width;
        var accumulate = direct && call->Accumulate;
        if (_groups > 1)
            TileOutputs<T>.AddBias(tile, Width, rows, 1, call->RowScales + row, call->Bias + start, target, stride, accumulate);
        else if (weights.Kind == DotKind.Bf16)
            TileOutputs<T>.AddBias(tile, Width, rows, digits, null, call->Bias + start, target, stride, accumulate);
        else
            Scale(call, start, row, rows, tile, target, stride, accumulate);
        if (!direct)
            TileOutputs<T>.Activate(tile, Width, rows, call->Activation, count, place, OutFeatures, call->Accumulate);
    }

    // Whole numbers, a line for each digit. Where the target is the tile itself, a line is written after those that it covers were read.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scale(Call* call, int start, int row, int rows, float* tile, float* target, long stride, bool accumulate)
    {
        var rowScales = call->RowScales + row;
        var offsets = call->Offsets + ((long)row * digits);
        ref var scales = ref Unsafe.AsRef<float>(call->Scales + start);
        ref var bias = ref Unsafe.AsRef<float>(call->Bias + start);
        var lines = digits;
        var second = T.Broadcast(1 / RowQuantizer.Base);
        for (nuint o = 0; o < Width; o += (nuint)T.Count)
        {
            var (scale, addend) = (T.Load(ref scales, o), T.Load(ref bias, o));
            for (var i = 0; i < rows; i++)
            {
                ref var sums = ref Unsafe.AsRef<int>(tile + (i * lines * Width));
                var value = T.Convert(ref sums, o, offsets[i * lines]);
                if (lines == 2)
                    value = T.Add(value, T.Multiply(T.Convert(ref sums, o + Width, offsets[(i * lines) + 1]), second));
                value = T.Add(T.Multiply(value, T.Multiply(T.Broadcast(rowScales[i]), scale)), addend);
                ref var output = ref Unsafe.AsRef<float>(target + (i * stride));
                if (accumulate)
                    value = T.Add(T.Load(ref output, o), value);
                value.Store(ref output, o);
            }
        }
    }

    private struct Call
    {
        public float* X;
        public float* Y;
        public byte* Rows; // [rows, digits, rowBytes]
        public float* RowScales; // [rows]
        public int* Offsets; // [rows, digits, groups]: minus what the weights' zeros add up to
        public byte* Panels;
        public float* Scales;
        public float* Bias;
        public int RowCount;
        public int Chunks;
        public int PanelsPerBlock;
        public int BytesAhead; // asked for with every step
        public Activation Activation;
        public bool Accumulate;
    }
}
