using System.Text.Json.Nodes;
using Sightline.Generation;
using Sightline.IO;
using Xunit;

namespace Sightline.Tests.Generation;

public sealed class GenerationConfigTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sightline-").FullName;

    public static TheoryData<string> FoldersWithFile =>
        [.. Directory.EnumerateFiles(Fixture.Path("checkpoints"), GenerationConfig.FileName, SearchOption.AllDirectories).Select(f => Path.GetFileName(Path.GetDirectoryName(f)!)).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(FoldersWithFile))]
    public void Save_WhatWasLoaded_IsTheSameFile(string name)
    {
        var folder = Fixture.Path("checkpoints", name);
        GenerationConfig.Load(folder).Save(_folder);
        AssertSameBytes(folder);
    }

    [Theory]
    [MemberData(nameof(FoldersWithFile))]
    public void FromModelConfig_CheckpointOf431_IsTheFileThatHuggingFaceWrote(string name)
    {
        var folder = Fixture.Path("checkpoints", name);
        GenerationConfig.FromModelConfig(JsonFile.ReadObject(Path.Combine(folder, "config.json")), "4.31.0.dev0").Save(_folder);
        AssertSameBytes(folder);
    }

    [Fact]
    public void Load_EveryCheckpoint_GivesTheIdsOfTheGoldens()
    {
        var checkedFiles = 0;
        foreach (var file in Directory.EnumerateFiles(Fixture.Path("generate"), "*.json").Where(f => Path.GetFileName(f) != "processors.json"))
        {
            var golden = JsonFile.ReadObject(file);
            var options = GenerationConfig.Load(Path.Combine(Fixture.Path("generate"), (string)golden["checkpoint"]!)).Options;
            if (golden["ids"]!["eos_token_id"] is null)
                continue; // k-nested-ids
            Assert.Equal((int)golden["ids"]!["decoder_start_token_id"]!, options.DecoderStartTokenId);
            Assert.Equal((int)golden["ids"]!["pad_token_id"]!, options.PadTokenId);
            Assert.Equal([(int)golden["ids"]!["eos_token_id"]!], options.EosTokenIds!);
            checkedFiles++;
        }

        Assert.True(checkedFiles >= 12);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Load_IdsOnlyInTheDecoder_FallsBackToThem(bool ownFile)
    {
        var source = Fixture.Path("checkpoints", "k-nested-ids");
        File.Copy(Path.Combine(source, "config.json"), Path.Combine(_folder, "config.json"));
        if (ownFile)
            Write(GenerationConfig.FileName, """{"transformers_version": "4.31.0"}""");
        var plan = new GenerationPlan(GenerationConfig.Load(_folder).Options);
        Assert.Equal([299], plan.PromptIds);
        Assert.Equal([299], plan.EosTokenIds);
        Assert.Equal(299, plan.PadTokenId);
    }

    [Fact]
    public void Load_LengthDumpedInTheDecoder_IsNotGiven()
    {
        var source = Fixture.Path("checkpoints", "t-417");
        Assert.Equal(20, (int)JsonFile.ReadObject(Path.Combine(source, "config.json"))["decoder"]!["max_length"]!);
        var options = GenerationConfig.Load(source).Options;
        Assert.Null(options.MaxLength);
        Assert.Null(options.NumBeams);
    }

    [Fact]
    public void Load_OldFolder_TakesTheTopLevelOfConfigJson()
    {
        Write("config.json", """{"max_length": 30, "num_beams": 4, "eos_token_id": 5, "decoder": {"max_length": 20, "num_beams": 1, "bos_token_id": 6, "eos_token_id": 7, "pad_token_id": 8}}""");
        var options = GenerationConfig.Load(_folder).Options;
        Assert.Equal((30, 4, 6, null), (options.MaxLength, options.NumBeams, options.BosTokenId, options.PadTokenId));
        Assert.Equal([5], options.EosTokenIds!);
        Assert.Equal(5, new GenerationPlan(options).PadTokenId); // 4.17 does not look for a pad token in the decoder
    }

    [Fact]
    public void Load_NewFolder_ReadsListsAndKeepsWhatItDoesNotKnow()
    {
        const string Text = """
            {
              "_from_model_config": true,
              "bos_token_id": 1,
              "cache_implementation": null,
              "eos_token_id": [
                2,
                3
              ],
              "length_penalty": 2.0,
              "max_length": 20,
              "some_future_setting": {
                "a": 1
              },
              "transformers_version": "5.1.0"
            }

            """;
        Write(GenerationConfig.FileName, Text);
        var config = GenerationConfig.Load(_folder);
        Assert.Equal([2, 3], config.Options.EosTokenIds!);
        Assert.Equal(20, config.Options.MaxLength); // given in the file itself
        config.Save(_folder);
        Assert.Equal(Text, File.ReadAllText(Path.Combine(_folder, GenerationConfig.FileName)));
    }

    [Theory]
    [InlineData("generation_config.json", """{"eos_token_id": "x", "max_length": []}""", "2 problems: eos_token_id is")]
    [InlineData("generation_config.json", "[1]", "not a JSON object")]
    [InlineData("config.json", """{"decoder": {"eos_token_id": 1.5}}""", "(decoder): eos_token_id is 1.5")]
    [InlineData("other.json", "{}", "config.json: cannot be read")]
    public void Load_DamagedFiles_SayWhereInOneLine(string file, string text, string expected)
    {
        Write(file, text);
        var message = Assert.Throws<ConfigurationException>(() => GenerationConfig.Load(_folder)).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void ToJson_AnyOptions_AreReadBack()
    {
        var config = new GenerationConfig { Options = ToyModel.Options with { NumBeams = 3, BadWordsIds = [[1, 2]] }, Other = new JsonObject { ["transformers_version"] = "4.31.0" } };
        config.Save(_folder);
        var again = GenerationConfig.Load(_folder);
        Assert.True(JsonNode.DeepEquals(config.ToJson(), again.ToJson()));
        Assert.Equal(3, again.Options.NumBeams);
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);

    private void AssertSameBytes(string folder) => Assert.Equal(
        File.ReadAllText(Path.Combine(folder, GenerationConfig.FileName)), File.ReadAllText(Path.Combine(_folder, GenerationConfig.FileName)));
}
