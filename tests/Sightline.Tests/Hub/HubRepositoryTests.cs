using Sightline.Hub;
using Xunit;

namespace Sightline.Tests.Hub;

public sealed class HubRepositoryTests
{
    private static HubModelName Name => HubModelName.TryParse("owner/my-model", out var name) ? name : throw new InvalidOperationException();

    private static TemporaryFolder Model()
    {
        var folder = new TemporaryFolder();
        foreach (var file in Directory.GetFiles(Fixture.Path("checkpoints", "t-base")))
            File.Copy(file, folder[Path.GetFileName(file)]);
        return folder;
    }

    [Fact]
    public void Prepare_Model_GetsACardAndAttributes()
    {
        using var folder = Model();
        var repository = HubRepository.Prepare(folder.Root, null, Name, new RepositoryFacts { License = "apache-2.0", Language = "en", BaseModels = ["google/vit-base-patch16-224"], Datasets = ["owner/photos"] });
        Assert.Equal(["README.md", ".gitattributes"], repository.Written);
        Assert.Empty(repository.OtherFiles);
        Assert.True(repository.HasMetadata);
        var card = File.ReadAllText(folder["README.md"]);
        Assert.StartsWith("---\nlanguage: en\nlicense: apache-2.0\nlibrary_name: transformers\npipeline_tag: image-to-text\n", card, StringComparison.Ordinal);
        Assert.Contains("\nbase_model:\n- google/vit-base-patch16-224\ndatasets:\n- owner/photos\nmodel-index:\n- name: my-model\n", card, StringComparison.Ordinal);
        Assert.Contains("\n# my-model\n", card, StringComparison.Ordinal);
        Assert.Contains("*.safetensors filter=lfs diff=lfs merge=lfs -text\n", File.ReadAllText(folder[".gitattributes"]), StringComparison.Ordinal);
        Assert.Contains("model.safetensors", repository.Files);
    }

    [Fact]
    public void Prepare_NothingKnown_SaysSo()
    {
        using var folder = Model();
        HubRepository.Prepare(folder.Root, null, Name, new RepositoryFacts());
        var card = File.ReadAllText(folder["README.md"]);
        Assert.Contains("- Started from: Not known.", card, StringComparison.Ordinal);
        Assert.Contains("- License: Not known.", card, StringComparison.Ordinal);
        Assert.DoesNotContain("from scratch", card, StringComparison.Ordinal);
        Assert.DoesNotContain("license:", card, StringComparison.Ordinal);
    }

    [Fact]
    public void Prepare_CardOfTheUser_IsKept()
    {
        using var folder = Model();
        folder.Write("README.md", "# Mine\n");
        var kept = HubRepository.Prepare(folder.Root, null, Name, new RepositoryFacts());
        Assert.Equal([".gitattributes"], kept.Written);
        Assert.False(kept.HasMetadata);
        Assert.Equal("# Mine\n", File.ReadAllText(folder["README.md"]));
        var replaced = HubRepository.Prepare(folder.Root, null, Name, new RepositoryFacts(), replaceCard: true);
        Assert.Equal(["README.md"], replaced.Written);
        Assert.True(replaced.HasMetadata);
    }

    [Fact]
    public void Prepare_Output_HoldsWhatBelongsToTheModelAlone()
    {
        using var folder = Model();
        folder.Write("optimizer.pt", "x");
        Directory.CreateDirectory(folder["checkpoint-500"]);
        var here = HubRepository.Prepare(folder.Root, null, Name, new RepositoryFacts());
        Assert.Equal(["checkpoint-500/", "optimizer.pt"], here.OtherFiles);
        var there = HubRepository.Prepare(folder.Root, folder["upload"], Name, new RepositoryFacts());
        Assert.Empty(there.OtherFiles);
        Assert.Equal(there.Files, Directory.GetFiles(folder["upload"]).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
        using var captioner = Captioner.Load(folder["upload"]);
        Assert.NotEmpty(captioner.Describe(Fixture.Path("images", "shapes", "shape0.png")).Text);
        Assert.Throws<ConfigurationException>(() => HubRepository.Prepare(folder.Root, folder["upload"], Name, new RepositoryFacts()));
    }

    [Fact]
    public void Prepare_NoModel_IsRefused()
    {
        using var folder = Model();
        File.Delete(folder["vocab.json"]);
        var e = Assert.Throws<ConfigurationException>(() => HubRepository.Prepare(folder.Root, null, Name, new RepositoryFacts()));
        Assert.StartsWith($"{folder.Root}: not ready for the hub: ", e.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(folder["README.md"]));
    }
}
