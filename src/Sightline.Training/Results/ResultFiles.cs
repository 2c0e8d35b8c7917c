using System.Text.Json.Nodes;
using Sightline.IO;

namespace Sightline.Training.Results;

/// <summary><c>train_results.json</c>, <c>eval_results.json</c> and <c>all_results.json</c> (Transformers 4.17, <c>Trainer.save_metrics</c>).</summary>
internal static class ResultFiles
{
    /// <summary>Writes a split's file and adds its values to the common one.</summary>
    public static void Save(string folder, string split, JsonObject metrics)
    {
        Write(Path.Combine(folder, $"{split}_results.json"), metrics);
        var all = Path.Combine(folder, "all_results.json");
        var common = File.Exists(all) ? JsonFile.ReadObject(all) : [];
        foreach (var (key, value) in metrics)
            common[key] = value?.DeepClone();
        Write(all, common);
    }

    private static void Write(string path, JsonObject values) => AtomicFile.WriteAllText(path, PythonJson.Serialize(values, sortKeys: true, indent: 4));
}
