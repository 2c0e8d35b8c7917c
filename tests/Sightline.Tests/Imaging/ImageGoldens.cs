using System.Buffers.Binary;
using System.Text.Json.Nodes;
using Sightline.Imaging;
using Xunit;

namespace Sightline.Tests.Imaging;

/// <summary>tests/Fixtures/images: expected.json, and the tensors beside it, read without the library's own reader.</summary>
internal static class ImageGoldens
{
    private static readonly (JsonObject Header, byte[] File, int Start) s_tensors = ReadSafetensors("expected.safetensors");

    /// <summary>As PIL opens a file in training: no orientation.</summary>
    public static ImageDecodeOptions AsStored { get; } = new() { ApplyExifOrientation = false };

    public static JsonObject Expected { get; } = JsonNode.Parse(File.ReadAllText(Fixture.Path("images", "expected.json")))!.AsObject();

    public static JsonObject Files => Expected["files"]!.AsObject();

    public static IEnumerable<string> FileNames => Files.Select(f => f.Key);

    public static IEnumerable<string> TensorNames => s_tensors.Header.Select(t => t.Key);

    public static byte[] Read(string file) => File.ReadAllBytes(Fixture.Path("images", file));

    public static RgbImage Decode(string file, ImageDecodeOptions? options = null) =>
        ImageDecoder.DecodeFile(Fixture.Path("images", file), options ?? AsStored);

    public static bool Has(string tensor) => s_tensors.Header.ContainsKey(tensor);

    public static byte[] Bytes(string tensor) => Bytes(s_tensors, tensor);

    public static int[] Shape(string tensor) => [.. s_tensors.Header[tensor]!["shape"]!.AsArray().Select(s => (int)s!)];

    public static float[] Singles(string tensor) => Singles(s_tensors, tensor);

    public static float[] PixelTable(string name) => Singles(ReadSafetensors("pixel_tables.safetensors"), name);

    /// <summary>Fails with the first difference and the largest.</summary>
    public static void AssertSame(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        var (first, most) = (-1, 0);
        for (var i = 0; i < expected.Length; i++)
        {
            most = Math.Max(most, Math.Abs(expected[i] - actual[i]));
            if (first < 0 && most > 0)
                first = i;
        }

        Assert.True(first < 0, first < 0 ? what : $"{what}: byte {first} is {actual[first]}, expected {expected[first]}; largest difference {most}.");
    }

    private static byte[] Bytes((JsonObject Header, byte[] File, int Start) tensors, string name)
    {
        var offsets = tensors.Header[name]!["data_offsets"]!.AsArray();
        return tensors.File[(tensors.Start + (int)offsets[0]!)..(tensors.Start + (int)offsets[1]!)];
    }

    private static float[] Singles((JsonObject Header, byte[] File, int Start) tensors, string name)
    {
        var bytes = Bytes(tensors, name);
        var values = new float[bytes.Length / 4];
        for (var i = 0; i < values.Length; i++)
            values[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(i * 4));
        return values;
    }

    private static (JsonObject Header, byte[] File, int Start) ReadSafetensors(string name)
    {
        var file = Read(name);
        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        return (JsonNode.Parse(file.AsSpan(8, length))!.AsObject(), file, 8 + length);
    }
}
