using System.Text.Json.Nodes;
using Sightline.IO;

namespace Sightline.Cli.Sharding;

/// <summary>What a finished part was made of: parts that belong together have the same input and settings.</summary>
/// <param name="Settings">Differs for another model or other generation settings.</param>
/// <param name="Input">A hash over the ids of the whole set, in order.</param>
/// <param name="Total">Pictures of the whole set.</param>
/// <param name="Pictures">Pictures of this part.</param>
/// <param name="Errors">Pictures of this part that have an error instead of a caption.</param>
internal sealed record ShardRecord(string Settings, string Input, long Total, long Pictures, long Errors)
{
    private const long MostBytes = 1 << 16;

    /// <summary>Reads a record; null where there is none.</summary>
    /// <exception cref="ConfigurationException">The file is damaged.</exception>
    public static ShardRecord? Load(string path)
    {
        if (!File.Exists(path))
            return null;
        var file = JsonFile.ReadObject(path, MostBytes);
        try
        {
            return new ShardRecord(
                file["settings"]!.GetValue<string>(), file["input"]!.GetValue<string>(), file["total"]!.GetValue<long>(), file["pictures"]!.GetValue<long>(), file["errors"]!.GetValue<long>());
        }
        catch (Exception e) when (e is NullReferenceException or InvalidOperationException or FormatException)
        {
            throw new ConfigurationException($"{path}: damaged; delete it, and the part is finished again from its results.", e);
        }
    }

    /// <summary>Writes the record.</summary>
    public void Save(string path) => JsonFile.WriteObject(path, new JsonObject
    {
        ["settings"] = Settings,
        ["input"] = Input,
        ["total"] = Total,
        ["pictures"] = Pictures,
        ["errors"] = Errors,
    });
}
