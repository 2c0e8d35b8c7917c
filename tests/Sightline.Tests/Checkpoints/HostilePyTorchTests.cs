using System.Buffers.Binary;
using System.IO.Compression;
using System.Numerics;
using System.Text;
using Sightline.Checkpoints;
using Sightline.Checkpoints.Pickle;
using Sightline.Checkpoints.Zip;
using Xunit;

namespace Sightline.Tests.Checkpoints;

public sealed class HostilePyTorchTests
{
    private const string Proto = "\u0080\u0002";
    private const string Storage = "(X\u0007\0\0\0storagectorch\nFloatStorage\nX\u0001\0\0\00X\u0003\0\0\0cpuK\u0006tQ";

    // A pickle (each character one byte), a part of the message. The archive has one storage, '0', of 24 bytes.
    public static TheoryData<string, string> Pickles() => new()
    {
        { "", "cut off" },
        { Proto, "cut off" },
        { Proto + ".", "stack is empty" },
        { Proto + "NN.", "left over" },
        { Proto + "(.", "stack is empty" },
        { Proto + "N.", "holds a None" },
        { "\u0080\u0006N.", "protocol 6" },
        { Proto + "\u00ffN.", "opcode 0xff" },
        { "I1\n.", "opcode 0x49" },
        { Proto + "(ios\nsystem\n.", "opcode 0x69" },
        { Proto + "\u0092.", "opcode 0x92" },
        { Proto + "cos\nsystem\nX\u0004\0\0\0echo\u0085R.", "'os.system'" },
        { Proto + "cposix\nsystem\nX\u0004\0\0\0echo\u0085R.", "'posix.system'" },
        { Proto + "c__builtin__\neval\nX\u0001\0\0\01\u0085R.", "'__builtin__.eval'" },
        { Proto + "cbuiltins\nexec\n.", "'builtins.exec'" },
        { Proto + "ctorch\nload\n.", "'torch.load'" },
        { Proto + "ctorch._utils\n_rebuild_tensor_v2\nctorch.hub\nload\n.", "'torch.hub.load'" },
        { Proto + "X\u0002\0\0\0osX\u0006\0\0\0system\u0093.", "'os.system'" },
        { Proto + "co\u0001s\nsys\u0002tem\n.", "'o\\u0001s.sys\\u0002tem'" },
        { Proto + "c" + new string('m', 5000) + "\nx\n.", "…" },
        { Proto + "KKK\u0001\u0093.", "two texts" },
        { Proto + "cos", "name without an end" },
        { Proto + "cos\nsystem", "name without an end" },
        { Proto + "ctorch\nFloatStorage\n)R.", "torch.FloatStorage must not be called" },
        { Proto + "ctorch\nFloatStorage\n)\u0081.", "must not be called" },
        { Proto + "K\u0001)R.", "not a global" },
        { Proto + "ccollections\nOrderedDict\nK\u0001R.", "without a tuple" },
        { Proto + "ccollections\nOrderedDict\nK\u0001\u0085R.", "list of pairs" },
        { Proto + "ccollections\nOrderedDict\n]K\u0001a\u0085R.", "list of pairs" },
        { Proto + "K\u0001}b.", "takes none" },
        { Proto + "]K\u0001K\u0002s.", "not a dict" },
        { Proto + "}(K\u0001u.", "a key without a value" },
        { Proto + "}K\u0001u.", "no mark" },
        { Proto + "}]K\u0001s.", "dict key" },
        { Proto + "}NK\u0001s.", "dict key" },
        { Proto + "})K\u0001s.", "dict key" },
        { Proto + "}K\u0001a.", "not a list" },
        { Proto + "t.", "no mark" },
        { Proto + "\u0087.", "stack is empty" },
        { Proto + "(K\u0001\u0086.", "stack is empty" },
        { Proto + "0.", "stack is empty" },
        { Proto + "2.", "stack is empty" },
        { Proto + "q\0.", "stack is empty" },
        { Proto + "h\u0007.", "memo 7" },
        { Proto + "j\u00ff\u00ff\u00ff\u00ff.", "memo 4294967295" },
        { Proto + "X\u00ff\u00ff\u00ff\u007fabc.", "2147483647 more bytes" },
        { Proto + "X\u00ff\u00ff\u00ff\u00ffabc.", "4294967295 more bytes" },
        { Proto + "\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ffabc.", "more bytes" },
        { Proto + "\u008e\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007fabc.", "more bytes" },
        { Proto + "B\u00ff\u00ff\u00ff\u00ffabc.", "more bytes" },
        { Proto + "\u008b\u00ff\u00ff\u00ff\u007f.", "whole number of 2147483647 bytes" },
        { Proto + "\u008b\u00ff\u00ff\u00ff\u00ff.", "whole number of -1 bytes" },
        { Proto + "\u008a\u00ff.", "255 more bytes" },
        { Proto + "X\u0002\0\0\0\u00ff\u00fe.", "not UTF-8" },
        { Proto + "K\u0001Q.", "persistent id" },
        { Proto + ")Q.", "persistent id" },
        { Proto + "(X\u0007\0\0\0storageccollections\nOrderedDict\nX\u0001\0\0\00X\u0003\0\0\0cpuK\u0006tQ.", "persistent id" },
        { Proto + Storage.Replace("K\u0006", "J\u00ff\u00ff\u00ff\u007f", StringComparison.Ordinal) + ".", "claims 2147483647 elements" },
        { Proto + Storage.Replace("K\u0006", "\u008a\u0008\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f", StringComparison.Ordinal) + ".", "claims 9223372036854775807 elements" },
        { Proto + Storage.Replace("K\u0006", "J\u00ff\u00ff\u00ff\u00ff", StringComparison.Ordinal) + ".", "claims -1 elements" },
        { Proto + Storage.Replace("K\u0006", "K\u0005", StringComparison.Ordinal) + ".", "24 bytes; 5 elements" },
        { Proto + Storage.Replace("K\u0006", "K\u0007", StringComparison.Ordinal) + ".", "24 bytes; 7 elements" },
        { Proto + Storage.Replace("\00X", "\01X", StringComparison.Ordinal) + ".", "storage '1' is missing" },
        { Proto + Storage.Replace("X\u0001\0\0\00", "X\u000e\0\0\0../../etc/pass", StringComparison.Ordinal) + ".", "storage '../../etc/pass' is missing" },
        { Proto + Storage + Storage.Replace("Float", "Int", StringComparison.Ordinal) + "\u0086.", "described twice" },
        { Proto + Storage.Replace("tQ", "X\u0001\0\0\0vtQ", StringComparison.Ordinal) + ".", "view of another" },
        { Proto + "}.", "" },
        { Proto + "}X\u0001\0\0\0aK\u0001s.", "none of its 1 entries is a tensor" },
    };

    // Offset, sizes, strides over a storage of 6 floats; a part of the message.
    public static TheoryData<long, long[], long[], string> Views() => new()
    {
        { 0, [7], [1], "element 6 of a storage of 6" },
        { 1, [6], [1], "element 6" },
        { 6, [], [], "element 6" },
        { -1, [2], [1], "negative" },
        { 0, [2, 3], [-3, 1], "negative" },
        { 5, [2], [-1], "negative" },
        { 0, [-2], [1], "negative" },
        { 0, [-2, -3], [1, 1], "negative" },
        { 0, [2, 3], [3], "2 sizes and 1 strides" },
        { 0, [2], [long.MaxValue], "element 9223372036854775807" },
        { long.MaxValue, [1], [1], "element 9223372036854775807" },
        { long.MaxValue, [2], [long.MaxValue], "element 18446744073709551614" },
        { 0, [1L << 32, 1L << 32], [0, 0], "product is too large" },
        { 0, [1L << 62, 4, 0], [0, 0, 0], "product is too large" },
        { 0, [1L << 62], [0], "product is too large" },
        { 0, [1L << 40], [0], "expanded view" },
        { 0, [1L << 20, 1L << 20], [0, 0], "expanded view" },
        { 0, [1L << 30, 2], [long.MaxValue, long.MaxValue], "element" },
    };

    [Theory]
    [MemberData(nameof(Pickles))]
    public void Open_BadPickle_IsOneLine(string pickle, string expected)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Add("pytorch_model.bin", Archive(Encoding.Latin1.GetBytes(pickle)));
        if (expected.Length == 0)
            Assert.Null(HostileFile.TryReadAll(path)); // an empty dict holds no tensors, and that is all
        else
            HostileFile.Refuse(path, expected, "pytorch_model.bin");
    }

    [Theory]
    [MemberData(nameof(Views))]
    public void Open_BadView_IsOneLine(long offset, long[] shape, long[] strides, string expected)
    {
        using var folder = new TemporaryFolder();
        HostileFile.Refuse(folder.Add("pytorch_model.bin", Archive(StateWithView(offset, shape, strides))), expected);
        HostileFile.Refuse(folder.Add("pytorch_model.bin", Legacy(StateWithView(offset, shape, strides))), expected);
    }

    [Fact]
    public void Open_GoodViews_AreMadeContiguous()
    {
        (long Offset, long[] Shape, long[] Strides, float[] Expected)[] views =
        [
            (0, [6], [1], [0, 1, 2, 3, 4, 5]),
            (0, [3, 2], [1, 3], [0, 3, 1, 4, 2, 5]),
            (1, [2, 2], [3, 1], [1, 2, 4, 5]),
            (5, [], [], [5]),
            (2, [4], [0], [2, 2, 2, 2]),
            (0, [2, 1, 3], [3, 77, 1], [0, 1, 2, 3, 4, 5]),
            (0, [3], [2], [0, 2, 4]),
            (900, [0, 5], [99, 99], []),
        ];
        using var folder = new TemporaryFolder();
        foreach (var (offset, shape, strides, expected) in views)
        {
            foreach (var content in new[] { Archive(StateWithView(offset, shape, strides)), Legacy(StateWithView(offset, shape, strides)) })
            {
                using var source = PyTorchFile.Open(folder.Add("view.bin", content));
                Assert.Equal(shape, source.Find("t").Shape);
                Assert.Equal(expected, source.ReadSingles("t"));
            }
        }
    }

    [Theory]
    [InlineData("]", "more than 2000000 values")] // lists
    [InlineData("}", "more than 2000000 values")] // dicts
    [InlineData("(", "more than 2000000 values")] // marks
    [InlineData("2", "more than 2000000 values")] // copies of the top
    [InlineData("h\0", "more than 2000000 values")] // one value from the memo
    [InlineData("r\u0001\u0002\u0003\u0004", "more than 2000000 values")] // memo entries
    [InlineData("\u0085", "more than 2000000 values")] // tuples in tuples
    [InlineData("h\0h\0\u0086q\0", "more than 2000000 values")] // each level twice the one below: 2^n values if it were unfolded
    public void Open_BillionLaughs_StopsInProportion(string repeated, string expected)
    {
        using var folder = new TemporaryFolder();
        var pickle = Proto + "Nq\0" + string.Concat(Enumerable.Repeat(repeated, 2_000_001)) + ".";
        HostileFile.Refuse(folder.Add("pytorch_model.bin", Archive(Encoding.Latin1.GetBytes(pickle))), expected);
    }

    [Fact]
    public void Open_CopiesOfALongList_StopInProportion()
    {
        using var folder = new TemporaryFolder();
        var list = "](" + string.Concat(Enumerable.Repeat("K\u0001K\u0001\u0086", 100_000)) + "eq\u0001";
        var pickle = Proto + list + string.Concat(Enumerable.Repeat("ccollections\nOrderedDict\nh\u0001\u0085R0", 1000)) + ".";
        HostileFile.Refuse(folder.Add("pytorch_model.bin", Archive(Encoding.Latin1.GetBytes(pickle))), "more than");
    }

    [Fact]
    public void Open_ListThatHoldsItself_DoesNotRecurse()
    {
        using var folder = new TemporaryFolder();
        HostileFile.Refuse(folder.Add("pytorch_model.bin", Archive(Encoding.Latin1.GetBytes(Proto + "]q\0h\0a."))), "holds a list");
        Assert.Null(HostileFile.TryReadAll(folder.Add("pytorch_model.bin", Archive(Encoding.Latin1.GetBytes(Proto + "}q\0h\0b.")))));
    }

    [Fact]
    public void Open_DamagedZip_IsOneLine()
    {
        using var folder = new TemporaryFolder();
        var good = Archive(StateWithView(0, [6], [1]));
        var directory = good.AsSpan().IndexOf("PK\u0001\u0002"u8);
        var zip64 = good.AsSpan().IndexOf("PK\u0006\u0006"u8);
        var end = good.AsSpan().LastIndexOf("PK\u0005\u0006"u8);
        Assert.Null(HostileFile.TryReadAll(folder.Add("pytorch_model.bin", good)));

        Refuse("split over several", bytes => bytes[zip64 + 16] = 1);
        Refuse("claims", bytes => Put64(bytes, zip64 + 40, long.MaxValue));
        Refuse("claims", bytes => Put64(bytes, zip64 + 48, long.MaxValue));
        Refuse("claims", bytes => Put64(bytes, zip64 + 48, -1));
        Refuse("entries in", bytes => Put64(bytes, zip64 + 32, long.MaxValue));
        Refuse("entries in", bytes => Put64(bytes, zip64 + 32, 4));
        Refuse("ends after 2 of 3", bytes => Put64(bytes, zip64 + 40, 3 * 46));
        Refuse("is damaged", bytes => Put64(bytes, zip64 + 48, 3));
        Refuse("zip64 end record is missing", bytes => bytes[zip64] = 0);
        Refuse("zip64 end record is missing", bytes => Put64(bytes, zip64 + 56 + 8, long.MaxValue));
        Refuse("zip64 end record is missing", bytes => Put64(bytes, zip64 + 56 + 8, -5));
        Refuse("end of the archive is missing", bytes => bytes[end] = 0);
        Refuse("end of the archive is missing", bytes => bytes[end + 20] = 9);
        Refuse("entry 0 of the central directory is damaged", bytes => bytes[directory] = 0);
        Refuse("entry 0 of the central directory is cut off", bytes => bytes[directory + 29] = 255);
        Refuse("is compressed (method 8)", bytes => bytes[directory + 10] = 8);
        Refuse("is encrypted", bytes => bytes[directory + 8] |= 1);
        Refuse("sizes", bytes => bytes[directory + 20]++);
        Refuse("claims bytes", bytes => { Put32(bytes, directory + 20, 0x7fffffff); Put32(bytes, directory + 24, 0x7fffffff); });
        Refuse("damaged zip64", bytes => { Put32(bytes, directory + 42, -1); bytes[directory + 30] = 4; Put32(bytes, directory + 46 + bytes[directory + 28], 1); });
        Refuse("beyond the file", bytes => Put32(bytes, directory + 42, -1));
        Refuse("beyond the file", bytes => Put32(bytes, directory + 42, 0x7fffffff));
        Refuse("has no header", bytes => Put32(bytes, directory + 42, 1));
        Refuse("storage '", bytes => bytes[directory + 46] = (byte)'x');
        Refuse("data.pkl'; not a file of torch.save", bytes => bytes[directory + 46 + "model/".Length] = (byte)'x');

        void Refuse(string expected, Action<byte[]> damage)
        {
            var bytes = good.ToArray();
            damage(bytes);
            HostileFile.Refuse(folder.Add("pytorch_model.bin", bytes), expected);
        }
    }

    [Fact]
    public void Open_ZipOfAnotherKind_IsOneLine()
    {
        using var folder = new TemporaryFolder();
        var state = StateWithView(0, [6], [1]);
        HostileFile.Refuse(folder.Add("pytorch_model.bin", Zip(("model/data.pkl", new byte[1 << 24], CompressionLevel.SmallestSize))), "compressed");
        HostileFile.Refuse(folder.Add("pytorch_model.bin", Zip(("model/data.pkl", state, CompressionLevel.NoCompression), ("model/data/0", new byte[24], CompressionLevel.SmallestSize))), "'model/data/0' is compressed");
        HostileFile.Refuse(folder.Add("pytorch_model.bin", Zip(("model/data.pkl", state, CompressionLevel.NoCompression), ("model/data.pkl", state, CompressionLevel.NoCompression))), "appears twice");
        HostileFile.Refuse(folder.Add("pytorch_model.bin", Zip(("../../data.pkl", state, CompressionLevel.NoCompression))), "a zip file without '../data.pkl'");
        HostileFile.Refuse(folder.Add("pytorch_model.bin", Zip(("word/document.xml", state, CompressionLevel.NoCompression))), "not a file of torch.save");
        HostileFile.Refuse(folder.Add("pytorch_model.bin", Zip(("m/data.pkl", state, CompressionLevel.NoCompression), ("m/byteorder", "big"u8.ToArray(), CompressionLevel.NoCompression))), "byte order 'big'");
        HostileFile.Refuse(folder.Add("pytorch_model.bin", Zip()), "neither a zip file nor");
        byte[] floats = [.. Enumerable.Range(0, 6).SelectMany(i => BitConverter.GetBytes((float)i))];
        Assert.Null(HostileFile.TryReadAll(folder.Add("pytorch_model.bin", Zip(("m/data.pkl", state, CompressionLevel.NoCompression), ("m/byteorder", "little"u8.ToArray(), CompressionLevel.NoCompression), ("m/data/0", floats, CompressionLevel.NoCompression)))));
    }

    [Fact]
    public void Open_Zip64Entries_AreRead()
    {
        // Entry sizes and offsets all ones, the values in the extra field, as in archives beyond 4 GiB.
        var good = Archive(StateWithView(0, [6], [1]));
        var directory = good.AsSpan().IndexOf("PK\u0001\u0002"u8);
        var zip64 = good.AsSpan().IndexOf("PK\u0006\u0006"u8);
        var central = new List<byte>();
        for (var at = directory; at < zip64;)
        {
            var (name, extra) = (good[at + 28], good[at + 30]);
            Assert.Equal(0, extra);
            var header = good.AsSpan(at, 46 + name).ToArray();
            header[30] = 28;
            byte[] field = [1, 0, 24, 0, .. good.AsSpan(at + 24, 4), 0, 0, 0, 0, .. good.AsSpan(at + 20, 4), 0, 0, 0, 0, .. good.AsSpan(at + 42, 4), 0, 0, 0, 0];
            header.AsSpan(20, 8).Fill(255);
            header.AsSpan(42, 4).Fill(255);
            central.AddRange(header);
            central.AddRange(field);
            at += 46 + name;
        }

        byte[] bytes = [.. good.AsSpan(0, directory), .. central, .. good.AsSpan(zip64)];
        var moved = zip64 + central.Count - (zip64 - directory);
        Put64(bytes, moved + 40, central.Count);
        Put64(bytes, moved + 56 + 8, moved);
        using var folder = new TemporaryFolder();
        using var source = PyTorchFile.Open(folder.Add("pytorch_model.bin", bytes));
        Assert.Equal([0, 1, 2, 3, 4, 5], source.ReadSingles("t"));
    }

    [Fact]
    public void TorchZipWriter_BeyondFourGigabytes_PointsWithZip64()
    {
        using var stream = new MemoryStream();
        var zip = new TorchZipWriter(stream, "m", 5L << 30);
        zip.Add("version", "3\n"u8);
        zip.Finish();
        var bytes = stream.ToArray();
        var directory = bytes.AsSpan().IndexOf("PK\u0001\u0002"u8);
        Assert.Equal(5L << 30, BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(directory + 46 + "m/version".Length + 4)));
        Assert.Equal(uint.MaxValue, BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(directory + 42)));
        Assert.Equal(0, bytes.AsSpan().IndexOf("3\n"u8) % 64);
        var end = bytes.AsSpan().IndexOf("PK\u0006\u0006"u8);
        Assert.Equal((5L << 30) + directory, BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(end + 48)));
    }

    [Fact]
    public void Open_DamagedLegacyFile_IsOneLine()
    {
        using var folder = new TemporaryFolder();
        var state = StateWithView(0, [6], [1]);
        Assert.Null(HostileFile.TryReadAll(folder.Add("pytorch_model.bin", Legacy(state))));
        Refuse("neither a zip file nor", Legacy(state, magic: 5));
        Refuse("protocol version 1001", Legacy(state, protocol: 1002));
        Refuse("little-endian", Legacy(state, littleEndian: false));
        Refuse("list of storages names one", Legacy(state, keys: ["0", "1"]));
        Refuse("listed twice", Legacy(state, keys: ["0", "0"]));
        Refuse("missing from the list", Legacy(state, keys: []));
        Refuse("has 5 elements; 6 were expected", Legacy(state, count: 5));
        Refuse("has 9223372036854775807 elements", Legacy(state, count: long.MaxValue));
        Refuse("has -1 elements", Legacy(state, count: -1));
        Refuse("cut off", Legacy(state)[..^1]);
        Refuse("cut off before storage", Legacy(state)[..^25]);
        Refuse("'os.system'", Legacy(Encoding.Latin1.GetBytes(Proto + "cos\nsystem\nX\u0004\0\0\0echo\u0085R.")));
        Refuse("neither a zip file nor", "not a checkpoint at all"u8.ToArray());
        Refuse("empty", []);

        void Refuse(string expected, byte[] content) => HostileFile.Refuse(folder.Add("pytorch_model.bin", content), expected);
    }

    /// <summary>The pickle of <c>{"t": tensor}</c> over storage '0' of 6 floats.</summary>
    internal static byte[] StateWithView(long offset, long[] shape, long[] strides)
    {
        var state = new PickleDictionary();
        var storage = new PicklePersistentId(["storage", new PickleGlobal("torch", "FloatStorage"), "0", "cpu", 6L]);
        state.Set("t", new PickleReduce(new PickleGlobal("torch._utils", "_rebuild_tensor_v2"), [storage, offset, shape.Cast<object?>().ToArray(), strides.Cast<object?>().ToArray(), false, null]));
        return PickleWriter.Write(state);
    }

    /// <summary>A zip file of torch.save with storage '0': 0, 1, 2, 3, 4, 5 as floats.</summary>
    internal static byte[] Archive(byte[] pickle)
    {
        using var stream = new MemoryStream();
        var zip = new TorchZipWriter(stream, "model");
        zip.Add("data.pkl", pickle);
        zip.Add("data/0", SixFloats());
        zip.Add("version", "3\n"u8);
        zip.Finish();
        return stream.ToArray();
    }

    /// <summary>The same in the form before PyTorch 1.6.</summary>
    internal static byte[] Legacy(byte[] pickle, BigInteger? magic = null, long protocol = 1001, bool littleEndian = true, object?[]? keys = null, long count = 6)
    {
        var system = new PickleDictionary();
        system.Set("little_endian", littleEndian);
        return
        [
            .. PickleWriter.Write(magic ?? BigInteger.Parse("119547037146038801333356")),
            .. PickleWriter.Write(protocol),
            .. PickleWriter.Write(system),
            .. pickle,
            .. PickleWriter.Write((keys ?? ["0"]).ToList()),
            .. BitConverter.GetBytes(count),
            .. SixFloats(),
        ];
    }

    private static byte[] SixFloats() => [.. Enumerable.Range(0, 6).SelectMany(i => BitConverter.GetBytes((float)i))];

    private static byte[] Zip(params (string Name, byte[] Content, CompressionLevel Level)[] entries)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content, level) in entries)
            {
                using var entry = zip.CreateEntry(name, level).Open();
                entry.Write(content);
            }
        }

        return stream.ToArray();
    }

    private static void Put32(byte[] bytes, int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), value);

    private static void Put64(byte[] bytes, int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at), value);
}
