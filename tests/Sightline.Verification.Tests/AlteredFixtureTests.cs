using System.Runtime.InteropServices;
using Sightline.Checkpoints;
using Sightline.IO;
using Sightline.Tests;
using Sightline.Verification.Kinds;
using Xunit;

namespace Sightline.Verification.Tests;

/// <summary>Golden files with one value changed must fail: a check that cannot fail proves nothing.</summary>
public sealed class AlteredFixtureTests : IDisposable
{
    private readonly TemporaryFolder _root = new();

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData(false, FixtureOutcome.Pass)]
    [InlineData(true, FixtureOutcome.Fail)]
    public void Forward_OneLogitOff_Fails(bool alter, FixtureOutcome expected)
    {
        Copy("checkpoints/t-base", "forward/t-base.json", "forward/t-base.safetensors");
        if (alter)
            AddToTensor("forward/t-base.safetensors", "logits", 1e-3f);
        Assert.Equal(expected, Assert.Single(new ForwardFixtures().Run(_root.Root)).Outcome);
    }

    [Fact]
    public void Generate_OneTokenOff_Fails()
    {
        Copy("checkpoints/k-nested-ids", "generate/k-nested-ids.json", "generate/k-nested-ids.safetensors", "tokenizer");
        Assert.Equal(FixtureOutcome.Pass, Assert.Single(new GenerateFixtures().Run(_root.Root)).Outcome);
        var path = Path.Combine(_root.Root, "generate", "k-nested-ids.json");
        var json = JsonFile.ReadObject(path);
        var row = json["cases"]![0]!["4.17"]!["sequences"]![0]!.AsArray();
        row[2] = row[2]!.GetValue<int>() + 1;
        JsonFile.WriteObject(path, json);
        var result = Assert.Single(new GenerateFixtures().Run(_root.Root));
        Assert.Equal(FixtureOutcome.Fail, result.Outcome);
        Assert.Contains("row 0[2]", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Tokenizer_OneIdOff_Fails()
    {
        Copy("tokenizer", "tokenizer_golden/gpt2.json");
        var path = Path.Combine(_root.Root, "tokenizer_golden", "gpt2.json");
        var json = JsonFile.ReadObject(path);
        json["encode"]![7]!["ids"]![0] = 1;
        JsonFile.WriteObject(path, json);
        Assert.Equal(FixtureOutcome.Fail, Assert.Single(new TokenizerFixtures().Run(_root.Root)).Outcome);
    }

    [Fact]
    public void Images_OnePictureExchanged_FailsForThatPictureAlone()
    {
        Copy("images");
        File.Copy(Fixture.Path("images", "png_gray.png"), Path.Combine(_root.Root, "images", "png_rgb.png"), overwrite: true);
        var failed = new ImageFixtures().Run(_root.Root).Where(result => result.Outcome == FixtureOutcome.Fail).ToList();
        Assert.Equal("images/png_rgb.png", Assert.Single(failed).File);
    }

    [Fact]
    public void WarmStart_OtherOrigin_Fails()
    {
        Copy("warmstart");
        var path = Path.Combine(_root.Root, "warmstart", "expected.json");
        var json = JsonFile.ReadObject(path);
        json["combos"]![0]!["parameters"]!["decoder.transformer.ln_f.bias"] = "decoder:transformer.ln_f.weight";
        JsonFile.WriteObject(path, json);
        Assert.Equal(FixtureOutcome.Fail, Assert.Single(new WarmStartFixtures().Run(_root.Root)).Outcome);
    }

    [Fact]
    public void Run_DamagedOrMissingParts_AreFailuresOfTheirFile()
    {
        Copy("forward/t-base.json", "forward/t-base.safetensors");
        Assert.Contains("config.json", Assert.Single(new ForwardFixtures().Run(_root.Root)).Detail, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(_root.Root, "forward", "t-base.json"), "{");
        Assert.Equal(FixtureOutcome.Fail, Assert.Single(new ForwardFixtures().Run(_root.Root)).Outcome);
    }

    [Fact]
    public void Run_AbsentAndUnknownFolders_AreNeverPass()
    {
        Copy("modelcard");
        var results = new FixtureVerifier(StandardKinds.All).Run(_root.Root).ToList();
        Assert.All(results, result => Assert.NotEqual(FixtureOutcome.Pass, result.Outcome));
        Assert.Equal(FixtureOutcome.Skipped, results.Single(result => result.Kind == "modelcard").Outcome);
        Assert.Equal(StandardKinds.All.Count, results.Count(result => result.Outcome == FixtureOutcome.NotPresent));
        Assert.Throws<ConfigurationException>(() => new FixtureVerifier(StandardKinds.All).Run(_root["nothing"]).ToList());
    }

    private void Copy(params string[] paths)
    {
        foreach (var path in paths)
        {
            var source = Fixture.Path(path.Split('/'));
            foreach (var file in Directory.Exists(source) ? Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories) : [source])
            {
                var target = Path.Combine(_root.Root, Path.GetRelativePath(Fixture.Root, file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(file, target);
            }
        }
    }

    private void AddToTensor(string file, string tensor, float amount)
    {
        var path = Path.Combine(_root.Root, file);
        using var source = SafetensorsFile.Open(path);
        var changed = source.Tensors.Values.Select(info =>
        {
            var bytes = source.GetBytes(info.Name).ToArray();
            if (info.Name == tensor)
                MemoryMarshal.Cast<byte, float>(bytes.AsSpan())[5] += amount;
            return new TensorData(info.Name, info.DType, info.Shape, bytes);
        }).ToList();
        source.Dispose();
        SafetensorsWriter.Write(path, changed);
    }
}
