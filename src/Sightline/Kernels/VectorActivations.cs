using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Sightline.Kernels;

/// <summary>Activation functions, register by register.</summary>
internal static unsafe class VectorActivations<T> where T : struct, ILanes<T>
{
    /// <summary>A function of a register; a type of its own, so that the JIT writes it into the loop.</summary>
    private interface IFunction
    {
        static abstract T Of(T x);
    }

    /// <summary>Applies a function in place.</summary>
    public static void Apply(Activation function, Span<float> values)
    {
        var whole = values.Length / T.Count * T.Count;
        Span<float> padded = stackalloc float[whole < values.Length ? T.Count : 0];
        values[whole..].CopyTo(padded);
        fixed (float* first = values, rest = padded)
        {
            Apply(function, first, whole, 1, first, whole);
            Apply(function, rest, padded.Length, 1, rest, padded.Length);
        }

        padded[..(values.Length - whole)].CopyTo(values[whole..]);
    }

    /// <summary>target[i, o] = function(source[i, o]).</summary>
    /// <param name="function">The function.</param>
    /// <param name="source">[rows, width].</param>
    /// <param name="width">Values of a row, whole registers.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="target">[rows, width] with rows <paramref name="stride"/> apart; may be the source.</param>
    /// <param name="stride">Floats from row to row of the target.</param>
    public static void Apply(Activation function, float* source, int width, int rows, float* target, long stride)
    {
        switch (function)
        {
            case Activation.Identity:
                Apply<Identity>(source, width, rows, target, stride);
                return;
            case Activation.Relu:
                Apply<Relu>(source, width, rows, target, stride);
                return;
            case Activation.Tanh:
                for (var i = 0; i < rows; i++)
                    TensorPrimitives.Tanh<float>(new ReadOnlySpan<float>(source + ((long)i * width), width), new Span<float>(target + (i * stride), width));
                return;
            case Activation.Gelu:
                Apply<Gelu>(source, width, rows, target, stride);
                return;
            case Activation.GeluNew or Activation.GeluFast:
                Apply<GeluNew>(source, width, rows, target, stride);
                return;
            case Activation.QuickGelu:
                Apply<QuickGelu>(source, width, rows, target, stride);
                return;
            case Activation.Silu:
                Apply<Silu>(source, width, rows, target, stride);
                return;
            default:
                throw new ArgumentOutOfRangeException(nameof(function), function, null);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Apply<TFunction>(float* source, int width, int rows, float* target, long stride) where TFunction : struct, IFunction
    {
        for (var row = 0; row < rows; row++, source += width, target += stride)
        {
            ref var x = ref Unsafe.AsRef<float>(source);
            ref var y = ref Unsafe.AsRef<float>(target);
            for (nuint i = 0; i < (nuint)width; i += (nuint)T.Count)
                TFunction.Of(T.Load(ref x, i)).Store(ref y, i);
        }
    }

    /// <summary>x.</summary>
    private readonly struct Identity : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Of(T x) => x;
    }

    /// <summary>max(x, 0).</summary>
    private readonly struct Relu : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Of(T x) => T.Max(T.Broadcast(0), x);
    }

    /// <summary>x σ(u) = x / (1 + e^−u), from −u.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T TimesSigmoid(T x, T minusU) => T.Divide(x, T.Add(T.Broadcast(1), Exponential<T>.Of(minusU)));

    /// <summary>
    /// ½ x (1 + erf(x/√2)) = max(x, 0) − |x| h(|x|), h(m) = ½ erfc(m/√2), by h's Chebyshev series of degree 15 on [0, 5.25], beyond which |x| h(|x|) is
    /// below 4e-7. |error| ≤ 4e-7; no division, no exponential.
    /// </summary>
    private readonly struct Gelu : IFunction
    {
        private const float Last = 5.25f;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Of(T x)
        {
            var m = T.Min(T.Broadcast(Last), T.Abs(x));
            var u = T.MultiplyAdd(m, T.Broadcast(2 / Last), T.Broadcast(-1));
            var (u2, m0) = (T.Multiply(u, u), T.Multiply(m, T.Broadcast(-1)));

            // Four terms at a time: a chain of sixteen products would wait for each of them.
            var (u4, a) = (T.Multiply(u2, u2), Four(u, u2, 4.332461394e-03f, -3.340141848e-02f, 1.150752902e-01f, -2.259366363e-01f));
            var b = Four(u, u2, 2.571168840e-01f, -1.210588962e-01f, -9.769068658e-02f, 1.970274150e-01f);
            var c = Four(u, u2, -9.566709399e-02f, -6.396103650e-02f, 9.862367809e-02f, -1.582539640e-02f);
            var d = Four(u, u2, -3.765455633e-02f, 1.695801131e-02f, 5.864072125e-03f, -3.802024527e-03f);
            var h = T.MultiplyAdd(T.MultiplyAdd(d, u4, c), T.Multiply(u4, u4), T.MultiplyAdd(b, u4, a));
            return T.MultiplyAdd(m0, h, T.Max(T.Broadcast(0), x));
        }

        // c0 + c1 u + c2 u² + c3 u³
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static T Four(T u, T u2, float c0, float c1, float c2, float c3) =>
            T.MultiplyAdd(T.MultiplyAdd(u, T.Broadcast(c3), T.Broadcast(c2)), u2, T.MultiplyAdd(u, T.Broadcast(c1), T.Broadcast(c0)));
    }

    /// <summary>½ x (1 + tanh(u)) = x σ(2u), u = √(2/π) (x + 0.044715 x³).</summary>
    private readonly struct GeluNew : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Of(T x)
        {
            var factor = T.MultiplyAdd(T.Multiply(x, x), T.Broadcast(0.044715f), T.Broadcast(1));
            return TimesSigmoid(x, T.Multiply(T.Multiply(factor, T.Broadcast(-2 * 0.7978845608f)), x));
        }
    }

    /// <summary>x σ(1.702 x).</summary>
    private readonly struct QuickGelu : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Of(T x) => TimesSigmoid(x, T.Multiply(x, T.Broadcast(-1.702f)));
    }

    /// <summary>x σ(x).</summary>
    private readonly struct Silu : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Of(T x) => TimesSigmoid(x, T.Multiply(x, T.Broadcast(-1)));
    }
}
