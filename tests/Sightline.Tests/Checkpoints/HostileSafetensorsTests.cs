using System.Buffers.Binary;
using System.Text;
using Xunit;

namespace Sightline.Tests.Checkpoints;

public sealed class HostileSafetensorsTests
{
    private const string A = "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}";

    // Header, bytes of data, a part of the message.
    public static TheoryData<string, int, string> Headers() => new()
    {
        { "", 0, "does not begin with '{'" },
        { "[]", 0, "does not begin with '{'" },
        { " {" + A + "}", 8, "does not begin with '{'" },
        { "{", 0, "not valid JSON" },
        { "{" + A, 8, "not valid JSON" },
        { "{" + A + "}{", 8, "not valid JSON" },
        { "{" + A + "}\0", 8, "not valid JSON" },
        { "{" + A + ",}", 8, "not valid JSON" },
        { "{" + A + "," + A + "}", 8, "'a' appears twice" },
        { "{" + A + "," + A.Replace("0,8", "8,16", StringComparison.Ordinal) + "}", 16, "'a' appears twice" },
        { "{" + A + "}", 7, "cut off" },
        { "{" + A + "}", 9, "8 bytes of data, the file holds 9" },
        { "{" + A + "}", 0, "cut off" },
        { "{" + A + ",\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12, "overlap" },
        { "{" + A + ",\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "overlap" },
        { "{" + A + ",\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[12,20]}}", 20, "gap" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}", 16, "gap" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8, "do not fit" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,9]}}", 9, "do not fit" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[9223372036854775800,9223372036854775807]}}", 8, "do not fit" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[9223372036854775799,9223372036854775807]}}", 8, "gap" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", 8, "two data_offsets" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,8]}}", 8, "two data_offsets" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":\"0,8\"}}", 8, "data_offsets is not a list" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "needs dtype, shape and two data_offsets" },
        { "{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "needs dtype" },
        { "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "'dtype' appears twice" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "'shape' appears twice" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", 8, "whole numbers" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1,-2],\"data_offsets\":[0,8]}}", 8, "whole numbers" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[NaN],\"data_offsets\":[0,8]}}", 8, "not valid JSON" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[\"NaN\"],\"data_offsets\":[0,8]}}", 8, "whole numbers" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[null],\"data_offsets\":[0,8]}}", 8, "whole numbers" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}", 8, "whole numbers" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2e0],\"data_offsets\":[0,8]}}", 8, "whole numbers" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[18446744073709551618],\"data_offsets\":[0,8]}}", 8, "whole numbers" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[[2]],\"data_offsets\":[0,8]}}", 8, "whole numbers" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0, "more than 2^63 bytes" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}}", 0, "more than 2^63 bytes" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4,0],\"data_offsets\":[0,0]}}", 0, "more than 2^63 bytes" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2305843009213693951],\"data_offsets\":[0,9223372036854775804]}}", 8, "cut off" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[" + string.Join(',', Enumerable.Repeat("1", 65)) + "],\"data_offsets\":[0,4]}}", 4, "more than 64" },
        { "{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[2],\"data_offsets\":[0,2]}}", 2, "tensor 'a' has dtype 'F8_E4M3'" },
        { "{\"a\":{\"dtype\":\"f32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "dtype 'f32'" },
        { "{\"a\":{\"dtype\":\"Bool\",\"shape\":[2],\"data_offsets\":[0,2]}}", 2, "dtype 'Bool'" },
        { "{\"a\":{\"dtype\":7,\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "dtype is not a string" },
        { "{\"a\\nb\":{\"dtype\":7}}", 0, "tensor 'a\\u000ab'" },
        { "{\"a\":[]}", 0, "not described by an object" },
        { "{\"a\":null}", 0, "not described by an object" },
        { "{\"\\ud800\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "not valid Unicode" },
        { "{\"__metadata__\":[]}", 0, "'__metadata__' is not an object" },
        { "{\"__metadata__\":{\"format\":1}}", 0, "'format' is not a string" },
        { "{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0, "'a' appears twice" },
        { "{\"__metadata__\":{},\"__metadata__\":{}}", 0, "'__metadata__' appears twice" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"x\":" + new string('[', 5000) + "}}", 8, "not valid JSON" },
    };

    [Theory]
    [MemberData(nameof(Headers))]
    public void Open_BadHeader_IsOneLine(string header, int dataLength, string expected)
    {
        using var folder = new TemporaryFolder();
        HostileFile.Refuse(folder.Add("model.safetensors", File(Encoding.UTF8.GetBytes(header), dataLength)), expected, "model.safetensors");
    }

    [Theory]
    [InlineData(0x8000_0000_0000_0000, "claims 9223372036854775808 bytes")]
    [InlineData(ulong.MaxValue, "claims 18446744073709551615 bytes")]
    [InlineData(0x7FFF_FFFF_FFFF_FFFF, "claims")]
    [InlineData(100_000_001, "more than the 100000000 allowed")]
    [InlineData(100_000_000, "cut off")]
    [InlineData(1_000, "cut off")]
    [InlineData(0, "does not begin with '{'")]
    public void Open_BadHeaderLength_IsOneLine(ulong length, string expected)
    {
        using var folder = new TemporaryFolder();
        var bytes = File(Encoding.UTF8.GetBytes("{" + A + "}"), 8);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        HostileFile.Refuse(folder.Add("model.safetensors", bytes), expected);
    }

    [Fact]
    public void Open_HeaderNotUtf8_IsOneLine()
    {
        using var folder = new TemporaryFolder();
        var header = Encoding.Latin1.GetBytes("{\"\u00e9\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}");
        HostileFile.Refuse(folder.Add("model.safetensors", File(header, 8)), "not UTF-8");
    }

    [Fact]
    public void Open_WhatIsNotAWeightFile_SaysSo()
    {
        using var folder = new TemporaryFolder();
        HostileFile.Refuse(folder.Add("model.safetensors", []), "empty");
        HostileFile.Refuse(folder.Add("model.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"u8.ToArray()), "Git LFS");
        HostileFile.Refuse(folder.Add("model.safetensors", "<!DOCTYPE html><html></html>"u8.ToArray()), "web page");
        HostileFile.Refuse(folder.Add("model.safetensors", [1, 2, 3]), "too few");
    }

    [Fact]
    public void Open_GoodVariants_AreRead()
    {
        using var folder = new TemporaryFolder();
        string[] headers = ["{" + A + "}   ", "{ " + A + " }\n", "{" + A.Replace("}", ",\"extra\":[1,{}]}", StringComparison.Ordinal) + "}", "{" + A + ",\"e\":{\"dtype\":\"I64\",\"shape\":[0,9],\"data_offsets\":[8,8]}}"];
        foreach (var header in headers)
            Assert.Null(HostileFile.TryReadAll(folder.Add("model.safetensors", File(Encoding.UTF8.GetBytes(header), 8))));
        Assert.Null(HostileFile.TryReadAll(folder.Add("model.safetensors", File("{}"u8.ToArray(), 0))));
    }

    [Fact]
    public void Open_MillionsOfTensors_StayInProportion()
    {
        using var folder = new TemporaryFolder();
        var header = new StringBuilder("{");
        for (var i = 0; i < 100_000; i++)
            header.Append(i == 0 ? "" : ",").Append('"').Append(i).Append("\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}");
        Assert.Null(HostileFile.TryReadAll(folder.Add("model.safetensors", File(Encoding.UTF8.GetBytes(header.Append('}').ToString()), 0))));
    }

    private static byte[] File(byte[] header, int dataLength)
    {
        var bytes = new byte[8 + header.Length + dataLength];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, header.Length);
        header.CopyTo(bytes, 8);
        return bytes;
    }
}
