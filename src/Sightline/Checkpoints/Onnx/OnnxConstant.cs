namespace Sightline.Checkpoints.Onnx;

/// <summary>A constant as a graph uses it: perhaps turned round, perhaps in 8 bits.</summary>
/// <param name="Tensor">What is stored.</param>
/// <param name="IsTransposed">Whether rows and columns change places before use.</param>
/// <param name="Scale">Of 8-bit values; null for floats.</param>
/// <param name="ZeroPoint">Of 8-bit values; null means 0.</param>
internal sealed record OnnxConstant(OnnxTensor Tensor, bool IsTransposed = false, OnnxTensor? Scale = null, OnnxTensor? ZeroPoint = null);
