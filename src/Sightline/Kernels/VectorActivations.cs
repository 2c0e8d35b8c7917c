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
    /// ½ x (1 + erf(x/√2)) with erf by Abramowitz and Stegun 7.1.26, |error| ≤ 1.5e-7:
    /// 1 − (a₁t + … + a₅t⁵) e^(−z²), t = 1 / (1 + 0.3275911 z), z = |x|/√2. For x &lt; 0: ½ x erfc(z).
    /// </summary>
    private readonly struct Gelu : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Of(T x)
        {
            var magnitude = T.Abs(x);
            var t = T.Divide(T.Broadcast(1), T.MultiplyAdd(magnitude, T.Broadcast(0.3275911f * 0.70710678f), T.Broadcast(1)));
            var sum = T.MultiplyAdd(t, T.Broadcast(1.061405429f), T.Broadcast(-1.453152027f));
            sum = T.MultiplyAdd(sum, t, T.Broadcast(1.421413741f));
            sum = T.MultiplyAdd(sum, t, T.Broadcast(-0.284496736f));
            sum = T.MultiplyAdd(sum, t, T.Broadcast(0.254829592f));
            var tail = T.Multiply(T.Multiply(sum, t), Exponential<T>.Of(T.Multiply(T.Multiply(x, x), T.Broadcast(-0.5f))));

            // tail = erfc(|x|/√2): gelu = max(x, 0) − ½ |x| tail
            return T.MultiplyAdd(T.Multiply(magnitude, tail), T.Broadcast(-0.5f), T.Max(T.Broadcast(0), x));
        }
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
