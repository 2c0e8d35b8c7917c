using System.Text.Json.Nodes;
using Sightline.Data.Shapes;
using Sightline.IO;
using Sightline.Tests;

namespace Sightline.Training.Cli.Tests;

/// <summary>A folder with a few pictures of shapes and a run file that teaches a tiny model from nothing.</summary>
internal sealed class ShapesRun : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ShapesRun()
    {
        ShapesDataset.Write(_folder["shapes"], new ShapesOptions { Size = 16, Train = 12, Val = 4, Heldout = 0 });
        Write(_ => { });
    }

    /// <summary>A path in the folder.</summary>
    public string this[string name] => _folder[name];

    /// <summary>The run file.</summary>
    public string File => _folder["run.json"];

    /// <summary>Writes the run file anew.</summary>
    /// <param name="change">Brings in what a test is about.</param>
    public void Write(Action<JsonObject> change)
    {
        var run = new JsonObject
        {
            ["data"] = new JsonObject { ["train"] = "shapes/annotations/train.json", ["validation"] = "shapes/annotations/val.json" },
            ["model"] = new JsonObject
            {
                ["config"] = new JsonObject
                {
                    ["encoder"] = new JsonObject { ["hidden_size"] = 16, ["num_hidden_layers"] = 1, ["num_attention_heads"] = 2, ["intermediate_size"] = 32, ["image_size"] = 16, ["patch_size"] = 8 },
                    ["decoder"] = new JsonObject { ["n_embd"] = 16, ["n_layer"] = 1, ["n_head"] = 2, ["n_positions"] = 64 },
                },
                ["vocabulary_size"] = 300,
            },
            ["training"] = new JsonObject { ["max_steps"] = 30, ["save_steps"] = 5, ["logging_steps"] = 5, ["learning_rate"] = 0.001, ["threads"] = 1 },
        };
        change(run);
        JsonFile.WriteObject(File, run);
    }

    public void Dispose() => _folder.Dispose();
}
