using System.Text.Json.Nodes;
using Sightline.IO;

namespace Sightline.Training;

/// <summary><c>trainer_state.json</c>: where a run is and what it logged (Transformers 4.17, <c>TrainerState</c>).</summary>
public sealed class TrainerState
{
    /// <summary>The file's name.</summary>
    public const string FileName = "trainer_state.json";

    /// <summary>The best value of the metric that is followed.</summary>
    public double? BestMetric { get; set; }

    /// <summary>The checkpoint that had it, as a path.</summary>
    public string? BestModelCheckpoint { get; set; }

    /// <summary>Epochs done, with a fraction.</summary>
    public double Epoch { get; set; }

    /// <summary>Updates done.</summary>
    public int GlobalStep { get; set; }

    /// <summary>Updates in all.</summary>
    public int MaxSteps { get; set; }

    /// <summary>Epochs in all.</summary>
    public int NumTrainEpochs { get; set; }

    /// <summary>Floating-point operations done, estimated as HF does: 6 × pixel values × parameters without embeddings.</summary>
    public double TotalFlos { get; set; }

    /// <summary>What was logged: training rows, evaluation rows and the last one.</summary>
    public IList<JsonObject> LogHistory { get; } = [];

    /// <summary>The object as 4.17 writes it.</summary>
    public JsonObject ToJson() => new()
    {
        ["best_metric"] = BestMetric,
        ["best_model_checkpoint"] = BestModelCheckpoint,
        ["epoch"] = Epoch,
        ["global_step"] = GlobalStep,
        ["is_hyper_param_search"] = false,
        ["is_local_process_zero"] = true,
        ["is_world_process_zero"] = true,
        ["log_history"] = new JsonArray([.. LogHistory.Select(row => row.DeepClone())]),
        ["max_steps"] = MaxSteps,
        ["num_train_epochs"] = NumTrainEpochs,
        ["total_flos"] = TotalFlos,
        ["trial_name"] = null,
        ["trial_params"] = null,
    };

    /// <summary>Writes the file, keys sorted.</summary>
    public void Save(string folder) => AtomicFile.WriteAllText(Path.Combine(folder, FileName), PythonJson.Serialize(ToJson(), sortKeys: true) + "\n");

    /// <summary>Reads the file of a checkpoint.</summary>
    /// <exception cref="ConfigurationException">It is missing, not JSON, or has values that do not fit.</exception>
    public static TrainerState Load(string folder)
    {
        var path = Path.Combine(folder, FileName);
        var json = JsonFile.ReadObject(path);
        try
        {
            var state = new TrainerState
            {
                BestMetric = json["best_metric"]?.GetValue<double>(),
                BestModelCheckpoint = json["best_model_checkpoint"]?.GetValue<string>(),
                Epoch = json["epoch"]?.GetValue<double>() ?? 0,
                GlobalStep = json["global_step"]!.GetValue<int>(),
                MaxSteps = json["max_steps"]!.GetValue<int>(),
                NumTrainEpochs = json["num_train_epochs"]!.GetValue<int>(),
                TotalFlos = json["total_flos"]?.GetValue<double>() ?? 0,
            };
            foreach (var row in json["log_history"]!.AsArray())
                state.LogHistory.Add((JsonObject)row!.DeepClone());
            return state.GlobalStep >= 0 ? state : throw new FormatException();
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or NullReferenceException or InvalidCastException)
        {
            throw new ConfigurationException($"{path}: not the state of a trainer (global_step, max_steps, num_train_epochs and log_history were expected).", e);
        }
    }
}
