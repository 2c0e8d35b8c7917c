using System.Text.Json.Nodes;
using Sightline.Checkpoints;
using Sightline.IO;
using Sightline.Tests;
using Sightline.Training.Modeling;

namespace Sightline.Training.Tests;

/// <summary>A case of tests/Fixtures/training: its arguments, its data in its order, and what the real Trainer did with them.</summary>
internal sealed class GoldenRun
{
    public GoldenRun(string name)
    {
        Name = name;
        Expected = JsonFile.ReadObject(Fixture.Path("training", name + ".json"));
        var given = (JsonObject)Expected["arguments"]!.DeepClone();
        Examples = given["n_train"]!.GetValue<int>();
        var arguments = new JsonObject
        {
            ["loss"] = given["kind"]!.GetValue<string>(),
            ["accumulation_normalization"] = "micro_batch_means",
            ["accumulation_leftover"] = "carry",
            ["evaluation_strategy"] = "steps",
            ["save_strategy"] = "no",
            ["reference_order"] = true,
        };
        foreach (var (key, value) in given.Where(pair => pair.Key is not ("kind" or "n" or "n_train")))
            arguments[key] = value!.DeepClone();
        Arguments = TrainingArguments.FromJson(arguments, name);
    }

    public static IEnumerable<string> Names => JsonFile.ReadObject(Fixture.Path("training", "manifest.json"))["cases"]!.AsObject().Select(pair => pair.Key);

    public string Name { get; }

    public JsonObject Expected { get; }

    public TrainingArguments Arguments { get; init; }

    public int Examples { get; }

    public double[] Numbers(string key) => [.. Expected[key]!.AsArray().Select(value => value!.GetValue<double>())];

    public static TrainableModel Model() => TrainableModel.Load(Fixture.Path("training", "init"));

    public FixtureData TrainingData() => new([.. Numbers("sample_order").Select(row => (int)row)], Examples);

    public static FixtureData EvaluationData() => new([.. Enumerable.Range(42, 11)], 11);

    /// <summary>Where a parameter's true gradient is zero, Adam turns rounding noise into steps: the attention key biases.</summary>
    public static bool IsNoise(string name, int index, int length)
    {
        if (name.StartsWith("encoder.", StringComparison.Ordinal))
            return name.EndsWith(".attention.key.bias", StringComparison.Ordinal);
        if (name.EndsWith(".crossattention.c_attn.bias", StringComparison.Ordinal))
            return index < length / 2;
        return name.EndsWith(".attn.c_attn.bias", StringComparison.Ordinal) && index >= length / 3 && index < length / 3 * 2;
    }

    /// <summary>Compares final weights within the manifest's tolerance; returns how many values were compared.</summary>
    public int CheckFinalWeights(TrainableModel model)
    {
        var measured = JsonFile.ReadObject(Fixture.Path("training", "manifest.json"))["cases"]![Name]!["final_weight_max_abs_diff_without_key_biases"]!.GetValue<double>();
        var tolerance = Math.Max(20 * measured, 1e-5);
        using var golden = SafetensorsFile.Open(Fixture.Path("training", Name + ".safetensors"));
        var compared = 0;
        foreach (var key in golden.Tensors.Keys.Where(key => key.StartsWith("final.", StringComparison.Ordinal)))
        {
            var name = key["final.".Length..];
            var (expected, actual) = (golden.ReadSingles(key), model.ReadParameter(name));
            for (var i = 0; i < expected.Length; i++)
            {
                if (IsNoise(name, i, expected.Length))
                    continue;
                compared++;
                Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance, $"{Name}: {name}[{i}] is {actual[i]:R}, expected {expected[i]:R} (± {tolerance:G3}).");
            }
        }

        return compared;
    }
}
