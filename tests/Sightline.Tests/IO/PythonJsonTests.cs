using System.Text.Json.Nodes;
using Sightline.IO;
using Xunit;

namespace Sightline.Tests.IO;

public sealed class PythonJsonTests
{
    [Theory]
    [InlineData(1e-12, "1e-12")]
    [InlineData(0.1, "0.1")]
    [InlineData(1.0, "1.0")]
    [InlineData(-2.5, "-2.5")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(0.00001, "1e-05")]
    [InlineData(123456789012345680.0, "1.2345678901234568e+17")]
    [InlineData(1e16, "1e+16")]
    [InlineData(1e15, "1000000000000000.0")]
    [InlineData(0.00392156862745098, "0.00392156862745098")]
    public void FormatFloat_Value_EqualsPythonRepr(double value, string expected) =>
        Assert.Equal(expected, PythonJson.FormatFloat(value));

    [Fact]
    public void Serialize_ConfigWrittenByTransformers_GivesTheSameBytes()
    {
        // tokenizer_config.json of 4.17 is written without an indent.
        var paths = Directory.GetFiles(Fixture.Path("checkpoints"), "*config.json", SearchOption.AllDirectories);
        foreach (var path in paths.Where(p => !p.EndsWith("tokenizer_config.json", StringComparison.Ordinal)))
        {
            var text = File.ReadAllText(path);
            Assert.Equal(text.TrimEnd('\n'), PythonJson.Serialize(JsonNode.Parse(text)));
        }
    }

    [Fact]
    public void Parse_DuplicateKey_LastOneCounts()
    {
        var parsed = (JsonObject)JsonFile.Parse("x.json", """{"a": 1, "a": "\u00e9\n"}"""u8)!;
        Assert.Equal("é\n", parsed["a"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{} x")]
    [InlineData("[1,]")]
    public void Parse_BadText_NamesTheSource(string text)
    {
        var e = Assert.Throws<ConfigurationException>(() => JsonFile.Parse("x.json", System.Text.Encoding.UTF8.GetBytes(text)));
        Assert.StartsWith("x.json: ", e.Message, StringComparison.Ordinal);
    }
}
