namespace Sightline.Imaging;

/// <summary>The row filters of PNG (specification, section 9).</summary>
internal static class PngFilter
{
    /// <summary>Undoes a filter in place.</summary>
    /// <param name="type">0 none, 1 sub, 2 up, 3 average, 4 Paeth.</param>
    /// <param name="row">The filtered row; the plain one afterwards.</param>
    /// <param name="above">The plain row above, of the same length; zeros above the first.</param>
    /// <param name="pixelBytes">Bytes from one sample to the same sample of the next pixel, at least 1.</param>
    /// <returns>False where there is no such type.</returns>
    public static bool TryUndo(byte type, Span<byte> row, ReadOnlySpan<byte> above, int pixelBytes)
    {
        above = above[..row.Length];
        var head = Math.Min(pixelBytes, row.Length);
        switch (type)
        {
            case 0:
                return true;
            case 1:
                for (var i = head; i < row.Length; i++)
                    row[i] += row[i - pixelBytes];
                return true;
            case 2:
                System.Numerics.Tensors.TensorPrimitives.Add(row, above, row);
                return true;
            case 3:
                for (var i = 0; i < head; i++)
                    row[i] += (byte)(above[i] / 2);
                for (var i = head; i < row.Length; i++)
                    row[i] += (byte)((row[i - pixelBytes] + above[i]) / 2);
                return true;
            case 4:
                for (var i = 0; i < head; i++)
                    row[i] += above[i];
                for (var i = head; i < row.Length; i++)
                    row[i] += Paeth(row[i - pixelBytes], above[i], above[i - pixelBytes]);
                return true;
            default:
                return false;
        }
    }

    private static byte Paeth(int left, int up, int upLeft)
    {
        var (byLeft, byUp) = (up - upLeft, left - upLeft);
        var (a, b, c) = (Math.Abs(byLeft), Math.Abs(byUp), Math.Abs(byLeft + byUp));
        return (byte)(a <= b && a <= c ? left : b <= c ? up : upLeft);
    }
}
