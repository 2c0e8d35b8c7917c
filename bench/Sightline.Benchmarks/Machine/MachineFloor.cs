namespace Sightline.Benchmarks.Machine;

/// <summary>
/// The least time that a caption can take on this machine: operations by the measured peak where arithmetic is the limit, weight bytes by the measured
/// read bandwidth where reading is. Counted for ViT-base/16-224 with GPT-2 of 12 layers.
/// </summary>
/// <param name="Threads">Threads measured with.</param>
/// <param name="Peak">Operations a second, in thousand millions: fp32, bf16, int8; 0 where the processor lacks the instruction.</param>
/// <param name="Bandwidth">Thousand million bytes read a second.</param>
internal sealed record MachineFloor(int Threads, (double Fp32, double Bf16, double Int8) Peak, double Bandwidth)
{
    private const double EncoderOperations = 35.13, CrossOperations = 5.58, TokenOperations = 0.283; // thousand millions
    private const double TokenWeights = 0.1377; // thousand millions

    public static MachineFloor Measure(int threads) => new(threads, PeakMeter.Measure(threads), BandwidthMeter.Measure(threads));

    /// <summary>Milliseconds: encoder, cross-attention keys and values, a token.</summary>
    public (double Encoder, double Cross, double Token) Of(double peak, int bytesPerWeight) =>
        (1e3 * EncoderOperations / peak, 1e3 * CrossOperations / peak, 1e3 * Math.Max(TokenOperations / peak, bytesPerWeight * TokenWeights / Bandwidth));

    /// <summary>Milliseconds of a caption, greedy or by any number of beams.</summary>
    public double Caption(double peak, int bytesPerWeight, int tokens)
    {
        var (encoder, cross, token) = Of(peak, bytesPerWeight);
        return encoder + cross + (tokens * token);
    }

    public void Print(int tokens)
    {
        Console.WriteLine($"This machine, {Threads} threads: reads {Bandwidth:N1} GB/s; peak fp32 {Peak.Fp32:N0}, bf16 {Peak.Bf16:N0} GFLOP/s, int8 {Peak.Int8:N0} GOP/s.");
        foreach (var (name, peak, bytes) in new[] { ("fp32", Peak.Fp32, 4), ("bf16", Peak.Bf16, 2), ("int8", Peak.Int8, 1) })
        {
            if (peak == 0)
                continue;
            var (encoder, cross, token) = Of(peak, bytes);
            Console.WriteLine($"Floor {name}, ms: encoder {encoder:N1}, cross-attention keys and values {cross:N1}, a token {token:N2}, a caption of {tokens} tokens {Caption(peak, bytes, tokens):N1}.");
        }
    }
}
