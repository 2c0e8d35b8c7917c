using System.Text;
using Sightline.Checkpoints;
using Xunit;

namespace Sightline.Tests.Checkpoints;

public sealed class HostileIndexTests
{
    // The index (the folder also has one good shard, s.safetensors, with tensor x), a part of the message.
    public static TheoryData<string, string> Indexes() => new()
    {
        { "", "empty" },
        { "{", "not valid JSON" },
        { "[]", "not a JSON object" },
        { "{}", "'weight_map' is missing" },
        { "{\"weight_map\":{}}", "'weight_map' is missing" },
        { "{\"weight_map\":[\"s.safetensors\"]}", "'weight_map' is missing" },
        { "{\"weight_map\":null}", "'weight_map' is missing" },
        { "{\"weight_map\":{\"x\":1}}", "do not name a file" },
        { "{\"weight_map\":{\"x\":null}}", "do not name a file" },
        { "{\"weight_map\":{\"x\":{}}}", "do not name a file" },
        { "{\"weight_map\":{\"x\":\"\"}}", "do not name a file" },
        { "{\"weight_map\":{\"x\":\"..\"}}", "do not name a file" },
        { "{\"weight_map\":{\"x\":\"../s.safetensors\"}}", "do not name a file" },
        { "{\"weight_map\":{\"x\":\"..\\\\s.safetensors\"}}", "do not name a file" },
        { "{\"weight_map\":{\"x\":\"/etc/passwd\"}}", "do not name a file" },
        { "{\"weight_map\":{\"x\":\"c:s.safetensors\"}}", "do not name a file" },
        { "{\"weight_map\":{\"x\":\"s\\u0000.safetensors\"}}", "do not name a file" },
        { "{\"weight_map\":{\"x\":\"model.safetensors.index.json\"}}", "do not name a file" },
        { "{\"weight_map\":{\"a\\nb\":\"a/b\",\"y\":7,\"x\":\"s.safetensors\"}}", "2 entries" },
        { "{\"weight_map\":{\"x\":\"s.safetensors\",\"a\":\"one.safetensors\",\"b\":\"two\\n.safetensors\"}}", "2 of 3 shards are missing: 'one.safetensors', 'two\\u000a.safetensors'" },
        { "{\"weight_map\":{\"x\":\"s.safetensors\",\"p\":\"s.safetensors\",\"q\":\"s.safetensors\"}}", "2 tensors are not in the shards that should hold them: 'p (s.safetensors)', 'q (s.safetensors)'" },
        { "{\"weight_map\":{\"x\":\"bad.safetensors\"}}", "bad.safetensors" },
    };

    [Theory]
    [MemberData(nameof(Indexes))]
    public void Open_BadIndex_IsOneLine(string index, string expected)
    {
        using var folder = Folder();
        folder.Add("model.safetensors.index.json", Encoding.UTF8.GetBytes(index));
        HostileFile.Refuse(folder.Root, expected);
    }

    [Fact]
    public void Open_TensMegabytesOfName_IsOneShortLine()
    {
        using var folder = Folder();
        var huge = new string('x', 10 << 20);
        folder.Add("model.safetensors.index.json", Encoding.UTF8.GetBytes($"{{\"weight_map\":{{\"{huge}\":\"{huge}\"}}}}"));
        Assert.InRange(HostileFile.Refuse(folder.Root, "do not name a file").Length, 20, 1000);
    }

    [Fact]
    public void Open_GoodIndex_TakesTensorsThatItDoesNotName()
    {
        using var folder = Folder();
        SafetensorsWriter.Write(folder["t.safetensors"], [TensorData.FromSingles("x", [1], [7f]), TensorData.FromSingles("y", [1], [8f]), TensorData.FromSingles("z", [1], [9f])]);
        folder.Add("model.safetensors.index.json", "{\"weight_map\":{\"x\":\"s.safetensors\",\"y\":\"t.safetensors\"}}"u8.ToArray());
        using var source = Checkpoint.Open(folder.Root);
        Assert.Equal(["x", "y", "z"], source.Tensors.Keys.Order(StringComparer.Ordinal));
        Assert.Equal([1f], source.ReadSingles("x"));
        Assert.Equal([9f], source.ReadSingles("z"));
    }

    private static TemporaryFolder Folder()
    {
        var folder = new TemporaryFolder();
        SafetensorsWriter.Write(folder["s.safetensors"], [TensorData.FromSingles("x", [1], [1f])]);
        folder.Add("bad.safetensors", [1, 2, 3]);
        return folder;
    }
}
