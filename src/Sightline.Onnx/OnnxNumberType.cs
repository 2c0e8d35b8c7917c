namespace Sightline.Onnx;

/// <summary>How the weights of an ONNX file are stored, and with what numbers it computes. Readers choose the file by its suffix.</summary>
public enum OnnxNumberType
{
    /// <summary>32-bit floats; no suffix.</summary>
    Fp32,

    /// <summary>16-bit floats inside, 32-bit floats as inputs and outputs; layer norms in 32 bits. Suffix <c>_fp16</c>.</summary>
    Fp16,

    /// <summary>8-bit weights, activations quantised while it runs, as ONNX Runtime's <c>quantize_dynamic</c> writes it. Suffix <c>_quantized</c>.</summary>
    Q8,
}
