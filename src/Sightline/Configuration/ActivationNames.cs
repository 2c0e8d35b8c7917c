using Sightline.Kernels;

namespace Sightline.Configuration;

/// <summary>The names config.json uses for activation functions (HF <c>ACT2FN</c>).</summary>
internal static class ActivationNames
{
    /// <summary>The function of a name, or null where it is not supported.</summary>
    public static Activation? Find(string name) => name switch
    {
        "gelu" or "gelu_python" => Activation.Gelu,
        "gelu_new" or "gelu_pytorch_tanh" => Activation.GeluNew,
        "gelu_fast" => Activation.GeluFast,
        "quick_gelu" => Activation.QuickGelu,
        "relu" => Activation.Relu,
        "silu" or "swish" => Activation.Silu,
        "tanh" => Activation.Tanh,
        "linear" => Activation.Identity,
        _ => null,
    };

    public static void Check(ConfigReader reader, string key, string name)
    {
        if (Find(name) is null)
            reader.Fault($"{key} is '{name}'; gelu, gelu_new, gelu_fast, quick_gelu, relu, silu, tanh and linear are supported");
    }
}
