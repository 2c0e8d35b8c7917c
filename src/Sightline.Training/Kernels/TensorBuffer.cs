using Sightline.Training.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace Sightline.Training.Kernels;

/// <summary>Flat tensors as the ranks of a job exchange them.</summary>
internal static class TensorBuffer
{
    /// <summary>Where a contiguous, flat tensor lies; it must be kept alive.</summary>
    public static CollectiveBuffer Of(Tensor tensor)
    {
        var (address, element) = tensor.dtype switch
        {
            ScalarType.Float32 => (AddressOf<float>(tensor), CollectiveElement.Fp32),
            ScalarType.BFloat16 => (AddressOf<BFloat16>(tensor), CollectiveElement.Bf16),
            ScalarType.Float16 => (AddressOf<Half>(tensor), CollectiveElement.Fp16),
            var other => throw new NotSupportedException($"ranks do not exchange {other}"),
        };
        return new CollectiveBuffer(address, tensor.numel(), element);
    }

    // A storage's pointer is that of its first value, whichever part of it the tensor is.
    private static nint AddressOf<T>(Tensor tensor) where T : unmanaged => tensor.device.type == DeviceType.CPU
        ? new FlatBuffer(tensor).Address
        : tensor.storage<T>().data_ptr() + (nint)(tensor.storage_offset() * tensor.element_size());
}
