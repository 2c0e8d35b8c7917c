using System.Text.Json.Nodes;
using Sightline.Configuration;
using Sightline.IO;
using Xunit;

namespace Sightline.Tests.Configuration;

public sealed class VisionEncoderDecoderConfigTests
{
    public static TheoryData<string> Checkpoints() => [.. Directory.GetDirectories(Fixture.Path("checkpoints")).Select(folder => Path.GetFileName(folder))];

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Save_LoadedConfig_GivesTheSameBytes(string name)
    {
        var folder = Directory.CreateTempSubdirectory("sightline-").FullName;
        VisionEncoderDecoderConfig.Load(Fixture.Path("checkpoints", name)).Save(folder);
        Assert.Equal(File.ReadAllBytes(Fixture.Path("checkpoints", name, "config.json")), File.ReadAllBytes(Path.Combine(folder, "config.json")));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Load_FixtureVariants_ReadsWhatMakesThemSpecial()
    {
        Assert.True(Load("g-enc-dec-proj").HasEncoderToDecoderProjection);
        Assert.False(Load("a-safetensors-fp32").HasEncoderToDecoderProjection);
        Assert.False(Load("i-noqkvbias-acts").Encoder.QkvBias);
        Assert.True(Load("i-deit").Encoder.HasDistillationToken);
        Assert.True(Load("i-attn-variants").Decoder.ScaleAttnByInverseLayerIdx);
        Assert.False(Load("i-noscale-silu").Decoder.ScaleAttnWeights);
        Assert.False(Load("j-untied-decoder").Decoder.TieWordEmbeddings);
        Assert.Null(Load("k-nested-ids").DecoderStartTokenId);
        Assert.NotEqual(Load("k-distinct-ids").PadTokenId, Load("k-distinct-ids").DecoderStartTokenId);
        Assert.Equal(6, Load("i-distil6").Decoder.NLayer);
    }

    [Fact]
    public void Parse_ManyFaults_ListsThemAllInOneLine()
    {
        var json = Json();
        json["model_type"] = "blip";
        json["encoder"]!["hidden_size"] = "wide";
        json["encoder"]!["num_attention_heads"] = 5;
        json["decoder"]!["activation_function"] = "mish";
        json["decoder"]!["n_layer"] = -1;
        var e = Assert.Throws<ConfigurationException>(() => VisionEncoderDecoderConfig.Parse(json, "x/config.json"));
        Assert.StartsWith("x/config.json: 5 problems: ", e.Message, StringComparison.Ordinal);
        foreach (var part in new[] { "'blip'", "encoder.hidden_size is \"wide\"", "num_attention_heads 5", "'mish'", "decoder.n_layer is -1" })
            Assert.Contains(part, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Theory]
    [InlineData("encoder")]
    [InlineData("decoder")]
    public void Parse_MissingSection_NamesIt(string section)
    {
        var json = Json();
        json.Remove(section);
        Assert.Contains($"{section} is missing", Assert.Throws<ConfigurationException>(() => VisionEncoderDecoderConfig.Parse(json)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("encoder", "image_size", "1e300")]
    [InlineData("encoder", "patch_size", "0")]
    [InlineData("encoder", "hidden_size", "2147483647")]
    [InlineData("decoder", "vocab_size", "9999999999")]
    [InlineData("decoder", "n_positions", "-5")]
    [InlineData("decoder", "n_embd", "32.5")]
    [InlineData("decoder", "tie_word_embeddings", "\"yes\"")]
    [InlineData("encoder", "layer_norm_eps", "[]")]
    public void Parse_ValueOutOfRange_NamesIt(string section, string key, string value)
    {
        var json = Json();
        json[section]![key] = JsonNode.Parse(value);
        Assert.Contains($"{section}.{key} is ", Assert.Throws<ConfigurationException>(() => VisionEncoderDecoderConfig.Parse(json)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_MutatedFile_EitherParsesOrGivesOneLine()
    {
        var text = File.ReadAllBytes(Fixture.Path("checkpoints", "t-base", "config.json"));
        var random = new Random(20);
        var refused = 0;
        for (var round = 0; round < 3000; round++)
        {
            var bytes = text.ToArray();
            for (var i = random.Next(1, 6); i > 0; i--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (random.Next(4) == 0)
                bytes = bytes[..random.Next(bytes.Length)];
            try
            {
                VisionEncoderDecoderConfig.Parse(JsonFile.Parse("config.json", bytes) as JsonObject ?? []);
            }
            catch (ConfigurationException e)
            {
                refused++;
                Assert.DoesNotContain('\n', e.Message);
            }
        }

        Assert.InRange(refused, 500, 2999);
    }

    private static VisionEncoderDecoderConfig Load(string name) => VisionEncoderDecoderConfig.Load(Fixture.Path("checkpoints", name));

    private static JsonObject Json() => JsonFile.ReadObject(Fixture.Path("checkpoints", "t-base", "config.json"));
}
