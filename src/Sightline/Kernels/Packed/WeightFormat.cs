namespace Sightline.Kernels;

#pragma warning disable CA1720 // the names that everybody gives these formats
/// <summary>
/// How the weights of linear layers are held while a model runs. Results are fp32 in every format. In all but fp32 the layer of the logits has 4 bits a
/// weight, and the greatest 64 logits of each token are corrected by 8 more.
/// </summary>
public enum WeightFormat
{
    /// <summary>What the checkpoint was converted to; fp32 where it was not. The default.</summary>
    Auto,

    /// <summary>32-bit floats: the numbers of the reference.</summary>
    Fp32,

    /// <summary>Weights and the inputs of linear layers rounded to bf16, sums in fp32.</summary>
    Bf16,

    /// <summary>Weights as whole numbers −127 … 127 with one scale for each output; inputs of linear layers quantised row by row as they come.</summary>
    Int8,

    /// <summary>As <see cref="Int8"/>, but the decoder's blocks in whole numbers −8 … 7 with one scale for each output and 128 inputs.</summary>
    Int4,
}
