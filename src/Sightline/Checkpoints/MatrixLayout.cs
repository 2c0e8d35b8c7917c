namespace Sightline.Checkpoints;

/// <summary>The order of a matrix's values in memory.</summary>
internal static class MatrixLayout
{
    /// <summary>[rows, columns] as [columns, rows].</summary>
    public static float[] Transpose(ReadOnlySpan<float> values, int rows, int columns)
    {
        const int Tile = 32; // both sides of a tile stay in the first cache
        var result = new float[values.Length];
        for (var top = 0; top < rows; top += Tile)
        {
            for (var left = 0; left < columns; left += Tile)
            {
                for (var row = top; row < Math.Min(top + Tile, rows); row++)
                {
                    for (var column = left; column < Math.Min(left + Tile, columns); column++)
                        result[column * rows + row] = values[row * columns + column];
                }
            }
        }

        return result;
    }
}
