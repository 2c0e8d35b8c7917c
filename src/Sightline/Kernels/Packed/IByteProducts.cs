namespace Sightline.Kernels;

/// <summary>How a processor multiplies four neighbouring bytes and adds the products to a 32-bit sum.</summary>
/// <typeparam name="T">A register of 32-bit sums.</typeparam>
internal interface IByteProducts<T>
{
    static abstract string Name { get; }

    /// <summary>Whether weights are taken as −127 … 127 instead of 0 … 255.</summary>
    static abstract bool Signed { get; }

    /// <summary>sum + the four products of weight and x (−127 … 127) of each 32-bit lane; exact.</summary>
    static abstract T Add(T sum, T weight, T x);
}
