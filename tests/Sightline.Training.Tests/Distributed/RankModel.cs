using System.Text.Json.Nodes;
using Sightline.Checkpoints;
using Sightline.IO;
using Sightline.Tests;

namespace Sightline.Training.Tests.Distributed;

/// <summary>A folder with the config.json of a model of a million parameters, whose gradients fill several buckets, and the runs over it.</summary>
internal sealed class RankModel : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public RankModel()
    {
        var config = JsonFile.ReadObject(Fixture.Path("training", "init", "config.json"));
        var (encoder, decoder) = (config["encoder"]!, config["decoder"]!);
        (encoder["hidden_size"], encoder["num_hidden_layers"], encoder["num_attention_heads"], encoder["intermediate_size"]) = (128, 2, 4, 512);
        (decoder["n_embd"], decoder["n_layer"], decoder["n_head"]) = (128, 2, 4);
        JsonFile.WriteObject(Config, config);
    }

    public string Config => _folder.File("config.json");

    public string this[string name] => _folder.File(name);

    /// <summary>Arguments of ten updates with two examples a micro-batch.</summary>
    public JsonObject Arguments(int accumulation, string output, string more = "{}")
    {
        var arguments = new JsonObject
        {
            ["output_dir"] = this[output],
            ["per_device_train_batch_size"] = 2,
            ["gradient_accumulation_steps"] = accumulation,
            ["max_steps"] = 10,
            ["learning_rate"] = 1e-3,
            ["logging_steps"] = 5,
            ["save_strategy"] = "no",
            ["ddp_bucket_cap_mb"] = 1,
        };
        foreach (var (name, value) in JsonNode.Parse(more)!.AsObject())
            arguments[name] = value?.DeepClone();
        return arguments;
    }

    public static string Weights(string output) => Path.Combine(output, "pytorch_model.bin");

    /// <summary>Of the weights in two output folders: norm of the difference over the norm, without the values whose true gradient is zero.</summary>
    public static double Difference(string first, string second)
    {
        using var a = PyTorchFile.Open(Weights(first));
        using var b = PyTorchFile.Open(Weights(second));
        var (difference, norm) = (0.0, 0.0);
        foreach (var name in a.Tensors.Keys.Where(name => !name.EndsWith("masked_bias", StringComparison.Ordinal) && !name.EndsWith("attn.bias", StringComparison.Ordinal) && !name.EndsWith("attention.bias", StringComparison.Ordinal))) // GPT-2's constants, which are large
        {
            var (x, y) = (a.ReadSingles(name), b.ReadSingles(name));
            for (var i = 0; i < x.Length; i++)
            {
                if (GoldenRun.IsNoise(name, i, x.Length))
                    continue;
                difference += Math.Pow(x[i] - y[i], 2);
                norm += Math.Pow(x[i], 2);
            }
        }

        return Math.Sqrt(difference / norm);
    }

    public void Dispose() => _folder.Dispose();
}
