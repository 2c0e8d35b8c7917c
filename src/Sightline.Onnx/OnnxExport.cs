namespace Sightline.Onnx;

/// <summary>What <see cref="OnnxExporter"/> wrote.</summary>
public sealed record OnnxExport
{
    /// <summary>Every file written, by its name below the folder (<c>onnx/encoder_model.onnx</c>), and its size in bytes.</summary>
    public required IReadOnlyList<(string Name, long Bytes)> Files { get; init; }
}
