using Sightline.IO;
using Sightline.Tests;
using Sightline.Training.Optimization;

namespace Sightline.Training.Tests.Optimization;

public sealed class ParameterGroupsTests
{
    [Fact]
    public void Create_FixtureModel_GivesTheReferencesGroupsInItsOrder()
    {
        var groups = JsonFile.ReadObject(Fixture.Path("training", "manifest.json"))["parameter_groups"]!;
        using var model = GoldenRun.Model();
        var slots = ParameterGroups.Create(model.Module, []);
        Assert.Equal(groups["decay"]!.AsArray().Select(name => name!.GetValue<string>()), slots.Where(slot => slot.Group == 0).Select(slot => slot.Name));
        Assert.Equal(groups["no_decay"]!.AsArray().Select(name => name!.GetValue<string>()), slots.Where(slot => slot.Group == 1).Select(slot => slot.Name));
        Assert.Equal(Enumerable.Range(0, slots.Count), slots.Select(slot => slot.Index));
        Assert.Equal(["encoder.pooler.dense.weight", "encoder.pooler.dense.bias"], slots.Where(slot => !slot.Trains).Select(slot => slot.Name));
    }

    [Fact]
    public void Create_FrozenPattern_KeepsNumbersAndStopsTraining()
    {
        using var model = GoldenRun.Model();
        var all = ParameterGroups.Create(model.Module, []);
        var frozen = ParameterGroups.Create(model.Module, ["encoder.*", "*.wte.weight"]);
        Assert.Equal(all.Select(slot => slot.Name), frozen.Select(slot => slot.Name));
        Assert.All(frozen, slot => Assert.Equal(!slot.Name.StartsWith("encoder.", StringComparison.Ordinal) && slot.Name != "decoder.transformer.wte.weight", slot.Trains));
    }

    [Theory]
    [InlineData("enc.*", "fits no parameter")]
    [InlineData("*", "every parameter is frozen")]
    public void Create_PatternThatCannotBeMeant_IsRefused(string pattern, string expected)
    {
        using var model = GoldenRun.Model();
        Assert.Contains(expected, Assert.Throws<ConfigurationException>(() => ParameterGroups.Create(model.Module, [pattern])).Message, StringComparison.Ordinal);
    }
}
