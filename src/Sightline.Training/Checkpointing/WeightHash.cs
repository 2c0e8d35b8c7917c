using System.Security.Cryptography;
using Sightline.Training.Kernels;
using static TorchSharp.torch;

namespace Sightline.Training.Checkpointing;

/// <summary>Tells whether ranks have the same weights.</summary>
internal static class WeightHash
{
    /// <summary>SHA-256 of a flat fp32 tensor's bytes, in hexadecimal.</summary>
    public static string Of(Tensor values)
    {
        using var memory = values.cpu();
        var buffer = new FlatBuffer(memory);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var block = 0; block < buffer.BlockCount; block++)
            hash.AppendData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(buffer.Block(block)));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
