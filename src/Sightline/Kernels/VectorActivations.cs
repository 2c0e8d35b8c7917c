using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sightline.Kernels;

/// <summary>Activation functions in place, register by register.</summary>
internal static class VectorActivations<T> where T : struct, ILanes<T>
{
    /// <summary>A function of a register; a type of its own, so that the JIT writes it into the loop.</summary>
    private interface IFunction
    {
        static abstract T Of(T x);
    }

    public static void Apply(Activation function, Span<float> values)
    {
        switch (function)
        {
            case Activation.Identity:
                return;
            case Activation.Relu:
                TensorPrimitives.Max(values, 0f, values);
                return;
            case Activation.Tanh:
                TensorPrimitives.Tanh<float>(values, values);
                return;
            case Activation.Gelu:
                Apply<Gelu>(values);
                return;
            case Activation.GeluNew or Activation.GeluFast:
                Apply<GeluNew>(values);
                return;
            case Activation.QuickGelu:
                Apply<QuickGelu>(values);
                return;
            case Activation.Silu:
                Apply<Silu>(values);
                return;
            default:
                throw new ArgumentOutOfRangeException(nameof(function), function, null);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Apply<TFunction>(Span<float> values) where TFunction : struct, IFunction
    {
        ref var first = ref MemoryMarshal.GetReference(values);
        var whole = values.Length / T.Count * T.Count;
        for (nuint i = 0; i < (nuint)whole; i += (nuint)T.Count)
            TFunction.Of(T.Load(ref first, i)).Store(ref first, i);
        if (whole == values.Length)
            return;
        Span<float> padded = stackalloc float[T.Count];
        ref var rest = ref MemoryMarshal.GetReference(padded);
        values[whole..].CopyTo(padded);
        TFunction.Of(T.Load(ref rest, 0)).Store(ref rest, 0);
        padded[..(values.Length - whole)].CopyTo(values[whole..]);
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
