using System.Buffers.Binary;
using Sightline.Checkpoints;
using Xunit;

namespace Sightline.Tests.Checkpoints;

/// <summary>Small files of every format, damaged at random: each is read or refused in one line, and nothing else happens.</summary>
public sealed class HostileMutationTests
{
    private const int Rounds = 4000;

    private static readonly long[] s_extremes = [0, 1, -1, 255, 256, short.MaxValue, ushort.MaxValue, int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue, long.MinValue, 1L << 40];

    public static TheoryData<string> Formats() => ["model.safetensors", "pytorch_model.bin", "legacy.bin"];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Open_CutAnywhere_IsRefused(string format)
    {
        using var folder = new TemporaryFolder();
        var good = Good(format);
        Assert.Null(HostileFile.TryReadAll(folder.Add(format, good)));
        for (var length = 0; length < good.Length; length++)
            HostileFile.Refuse(folder.Add(format, good[..length]));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Open_MutatedAtRandom_IsReadOrRefused(string format)
    {
        using var folder = new TemporaryFolder();
        var good = Good(format);
        var refused = new Dictionary<string, int>();
        for (var seed = 0; seed < Rounds; seed++)
        {
            var path = folder.Add(format, Mutate(good, new Random(seed)));
            try
            {
                if (HostileFile.TryReadAll(path) is { } message)
                    refused[message] = refused.GetValueOrDefault(message) + 1;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}: {e.Message}", e);
            }
        }

        // The mutations must reach many different checks, not die at the first one.
        Assert.True(refused.Values.Sum() > Rounds / 4, $"only {refused.Values.Sum()} of {Rounds} were refused");
        Assert.True(refused.Count > 100, $"only {refused.Count} different messages");
    }

    private static byte[] Good(string format)
    {
        using var folder = new TemporaryFolder();
        TensorData[] tensors =
        [
            TensorData.FromSingles("encoder.weight", [3, 2], [0, 1, 2, 3, 4, 5]),
            new("decoder.bias", TensorDType.I64, [2], new byte[16]),
            new("scalar", TensorDType.F16, [], new byte[2]),
        ];
        if (format == "model.safetensors")
            SafetensorsWriter.Write(folder[format], tensors);
        else if (format == "pytorch_model.bin")
            PyTorchWriter.Write(folder[format], tensors);
        else
            return HostilePyTorchTests.Legacy(HostilePyTorchTests.StateWithView(0, [3, 2], [1, 3]));
        return File.ReadAllBytes(folder[format]);
    }

    private static byte[] Mutate(byte[] good, Random random)
    {
        var bytes = good.ToList();
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            var at = random.Next(bytes.Count);
            var length = random.Next(1, Math.Min(24, bytes.Count - at) + 1);
            switch (random.Next(7))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(length, bytes.Count - 1));
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                case 4:
                    var source = bytes.GetRange(random.Next(bytes.Count - length + 1), length);
                    for (var i = 0; i < length; i++)
                        bytes[at + i] = source[i];
                    break;
                case 5:
                    bytes[at] = good[random.Next(good.Length)];
                    break;
                default:
                    var extreme = new byte[8];
                    BinaryPrimitives.WriteInt64LittleEndian(extreme, s_extremes[random.Next(s_extremes.Length)]);
                    for (var i = 0; i < Math.Min(random.Next(2) == 0 ? 4 : 8, bytes.Count - at); i++)
                        bytes[at + i] = extreme[i];
                    break;
            }
        }

        return [.. bytes];
    }
}
