namespace Sightline.Kernels;

/// <summary>A register of floats. One formula written over it serves every vector width; the JIT specialises it for each.</summary>
internal interface ILanes<T> where T : struct, ILanes<T>
{
    static abstract string Name { get; }

    static abstract int Count { get; }

    static abstract T Load(ref float origin, nuint offset);

    static abstract T Broadcast(float value);

    /// <summary>a · b + c.</summary>
    static abstract T MultiplyAdd(T a, T b, T c);

    static abstract float Sum(T a);

    /// <summary>Whole numbers plus <paramref name="addend"/>, rounded to floats.</summary>
    static abstract T Convert(ref int origin, nuint offset, int addend);

    /// <summary>a · b, rounded.</summary>
    static abstract T Multiply(T a, T b);

    static abstract T Add(T a, T b);

    /// <summary>a / b, rounded.</summary>
    static abstract T Divide(T a, T b);

    static abstract T Abs(T a);

    /// <summary>The greater; b where one is not a number.</summary>
    static abstract T Max(T a, T b);

    /// <summary>The smaller; b where one is not a number.</summary>
    static abstract T Min(T a, T b);

    /// <summary>The nearest whole number, ties to even.</summary>
    static abstract T Round(T a);

    /// <summary>a · 2ⁿ for whole n from −127, which gives 0, to 127.</summary>
    static abstract T Scale(T a, T n);

    /// <summary>The greatest lane.</summary>
    static abstract float Greatest(T a);

    /// <summary>The lower halves of the lanes' bits, read as bf16.</summary>
    static abstract T ShiftLeft16(T a);

    /// <summary>The upper halves of the lanes' bits, read as bf16.</summary>
    static abstract T Upper16(T a);

    /// <summary>The nearest bf16, ties to even, in the upper halves of the lanes' bits.</summary>
    static abstract T ToBf16(T a);

    /// <summary>Bits of <paramref name="upper"/>'s upper halves above those of <paramref name="lower"/>'s.</summary>
    static abstract T PairBf16(T lower, T upper);

    /// <summary>Stores the upper halves of the lanes' bits.</summary>
    void StoreUpper16(ref ushort origin, nuint offset);

    void Store(ref float origin, nuint offset);
}
