namespace Sightline.Kernels;

/// <summary>What the bytes of a <see cref="PanelDot"/> mean.</summary>
internal enum DotKind
{
    /// <summary>Rows: four signed bytes, −127 … 127. Panel: four unsigned bytes, weight + 128, 1 … 255. Sums: whole numbers of weight + 128 times x.</summary>
    Int8,

    /// <summary>
    /// Rows: as <see cref="Int8"/>, eight bytes a step. Panel: four bytes with two weights each, weight + 8, 0 … 15: the low halves belong to the first
    /// four bytes of the row, the high halves to the others. Sums: whole numbers of weight + 8 times x.
    /// </summary>
    Int4,

    /// <summary>Rows and panel: two bf16 numbers. Sums: floats.</summary>
    Bf16,
}
