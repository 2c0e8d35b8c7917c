namespace Sightline.Kernels;

/// <summary>
/// The weights of a linear layer as the kernels read them, in memory of this process or in a mapped file: panels of 32 outputs, each
/// [steps, 32, 4 bytes] as <see cref="DotKind"/> says, the last filled up.
/// </summary>
/// <param name="Kind">What the bytes mean.</param>
/// <param name="InFeatures">Width of the input.</param>
/// <param name="OutFeatures">Width of the output.</param>
/// <param name="Panels">The panels; they start at a multiple of 64 bytes.</param>
/// <param name="Scales">Floats: [panels · 32] for int8; [panels, groups, 32] for int4, of one group or of <see cref="GroupCount"/>; none for bf16.</param>
internal sealed record PackedWeights(DotKind Kind, int InFeatures, int OutFeatures, ReadOnlyMemory<byte> Panels, ReadOnlyMemory<float> Scales)
{
    /// <summary>Inputs that share a scale in <see cref="DotKind.Int4"/>, unless the whole row shares one.</summary>
    public const int Group = 128;

    /// <summary>What rounding took, where the layer makes up for it: <see cref="RefinedLinear"/>.</summary>
    public WeightRemainder? Remainder { get; init; }

    /// <summary>Scales of an output.</summary>
    public int Groups => Math.Max(1, Scales.Length / (PanelCount * PanelDot.Width));

    /// <summary>Inputs that share a scale.</summary>
    public int GroupSize => Groups == 1 ? InFeatures : Group;

    /// <summary>Panels of 32 outputs.</summary>
    public int PanelCount => Count(OutFeatures, PanelDot.Width);

    /// <summary>Steps of a panel.</summary>
    public int Steps => StepCount(Kind, InFeatures);

    /// <summary>Bytes of a panel.</summary>
    public int PanelBytes => Steps * PanelDot.StepBytes;

    /// <summary>Steps of a panel: whole groups for int4.</summary>
    public static int StepCount(DotKind kind, int inFeatures) => kind switch
    {
        DotKind.Int8 => Count(inFeatures, 4),
        DotKind.Int4 => Count(inFeatures, Group) * (Group / 8),
        _ => Count(inFeatures, 2),
    };

    /// <summary>Bytes of all panels.</summary>
    public static long ByteCount(DotKind kind, int inFeatures, int outFeatures) =>
        (long)Count(outFeatures, PanelDot.Width) * StepCount(kind, inFeatures) * PanelDot.StepBytes;

    /// <summary>Groups of a row.</summary>
    public static int GroupCount(int inFeatures) => Count(inFeatures, Group);

    /// <summary>Number of scales where each output has so many.</summary>
    public static int ScaleCount(DotKind kind, int outFeatures, int groups) =>
        kind == DotKind.Bf16 ? 0 : Count(outFeatures, PanelDot.Width) * groups * PanelDot.Width;

    private static int Count(int length, int size) => (length + size - 1) / size;
}
