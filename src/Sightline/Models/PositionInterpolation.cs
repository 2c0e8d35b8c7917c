namespace Sightline.Models;

/// <summary>Position embeddings for another number of patches than the model was trained with.</summary>
internal static class PositionInterpolation
{
    /// <summary>
    /// Bicubic interpolation of a square grid of embeddings (a = -0.75, edges repeated) as HF 4.17's ViT calls torch's <c>interpolate</c>: with a scale
    /// factor of (n + 0.1) / side, whose 0.1 guards torch's floor and shifts every sample a little.
    /// </summary>
    /// <param name="embeddings">[special + side², hidden].</param>
    /// <param name="special">Leading rows that are kept as they are.</param>
    /// <param name="side">Side of the stored grid.</param>
    /// <param name="hidden">Width of a row.</param>
    /// <param name="rows">Rows of the wanted grid.</param>
    /// <param name="columns">Columns of the wanted grid.</param>
    /// <returns>[special + rows · columns, hidden].</returns>
    public static float[] Bicubic(float[] embeddings, int special, int side, int hidden, int rows, int columns)
    {
        var result = new float[(special + rows * columns) * hidden];
        embeddings.AsSpan(0, special * hidden).CopyTo(result);
        var vertical = Taps(side, rows);
        var horizontal = Taps(side, columns);
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                var target = result.AsSpan((special + row * columns + column) * hidden, hidden);
                foreach (var (y, wy) in vertical[row])
                {
                    foreach (var (x, wx) in horizontal[column])
                    {
                        var source = embeddings.AsSpan((special + y * side + x) * hidden, hidden);
                        for (var d = 0; d < hidden; d++)
                            target[d] += (float)(wy * wx) * source[d];
                    }
                }
            }
        }

        return result;
    }

    private static (int Index, double Weight)[][] Taps(int side, int count)
    {
        var scale = (count + 0.1) / side;
        var taps = new (int, double)[count][];
        for (var i = 0; i < count; i++)
        {
            var center = ((i + 0.5) / scale) - 0.5;
            var first = (int)Math.Floor(center) - 1;
            taps[i] = [.. Enumerable.Range(first, 4).Select(j => (Math.Clamp(j, 0, side - 1), Cubic(Math.Abs(center - j))))];
        }

        return taps;
    }

    // Keys' kernel (1981) with torch's a = -0.75.
    private static double Cubic(double x)
    {
        const double A = -0.75;
        return x <= 1
            ? ((((A + 2) * x) - (A + 3)) * x * x) + 1
            : x < 2 ? A * ((((x - 5) * x + 8) * x) - 4) : 0;
    }
}
