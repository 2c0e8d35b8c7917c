using System.CommandLine;
using System.Globalization;
using Sightline.Checkpoints;
using Sightline.Cli.Models;
using Sightline.Kernels;
using Sightline.Models;

namespace Sightline.Cli.Commands;

/// <summary><c>sightline convert</c>: rewrites a model's folder.</summary>
internal static class ConvertCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("DIR") { Description = "The model's folder, or owner/name[@revision] of the hub." };
        var output = new Argument<string>("OUT") { Description = "The new folder; it must not exist or must be empty." };
        var dtype = ChoiceOption.Create("--dtype", "Type of the weights; without it, each keeps its own. int8 and int4 are for Sightline alone, the fastest to load and run.", "fp32", "fp16", "bf16", "int8", "int4");
        var format = ChoiceOption.Create("--format", "Form of the weight files; safetensors is the default.", "safetensors", "bin");
        var shard = new Option<long?>("--max-shard-size")
        {
            Description = "Most bytes of one weight file, e.g. 500MB or 5GB (default 10GB).",
            HelpName = "SIZE",
            CustomParser = parsed =>
            {
                var size = ByteSize.TryParse(parsed.Tokens[0].Value);
                if (size is null)
                    parsed.AddError($"--max-shard-size is '{parsed.Tokens[0].Value}'; a size such as 500MB, 5GB or 2GiB was expected.");
                return size;
            },
        };
        var force = new Option<bool>("--force") { Description = "Replace the model in OUT; other files there are left alone." };
        var offline = ModelSettings.CreateOffline();
        var verb = new Verb("convert", "Rewrite a model with another number type, file format or file size; Transformers loads the result, unless it is int8 or int4.")
        {
            Notes = """
                Examples:
                  sightline convert path/to/model smaller --dtype fp16
                  sightline convert path/to/model fast --dtype int8
                  sightline convert path/to/model for-old-versions --format bin --max-shard-size 500MB

                Configuration and tokenizer files come along. OUT appears only when everything is written.
                """,
        };
        verb.Add(folder);
        verb.Add(output);
        verb.Add(dtype);
        verb.Add(format);
        verb.Add(shard);
        verb.Add(force);
        verb.Add(offline);
        verb.Validators.Add(result =>
        {
            if (result.GetResult(dtype)?.Tokens is [{ Value: "int8" or "int4" }] && (result.GetResult(format) is { Implicit: false } || result.GetResult(shard) is { Implicit: false }))
                result.AddError("--dtype int8 and int4 write one safetensors file; --format and --max-shard-size do not go with them.");
        });
        verb.Run(async (result, terminal, cancellationToken) =>
        {
            var source = await ModelSettings.LocateAsync(result.GetRequiredValue(folder), result.GetValue(offline), terminal, cancellationToken);
            var defaults = new CheckpointSaveOptions();
            var options = defaults with
            {
                DType = result.GetValue(dtype) switch { "fp32" => TensorDType.F32, "fp16" => TensorDType.F16, "bf16" => TensorDType.BF16, _ => null },
                Format = result.GetValue(format) == "bin" ? CheckpointFormat.PyTorchBin : CheckpointFormat.Safetensors,
                MaxShardBytes = result.GetValue(shard) ?? defaults.MaxShardBytes,
            };
            var target = result.GetRequiredValue(output);
            var conversion = result.GetValue(dtype) is "int8" or "int4"
                ? CheckpointConverter.Pack(source, target, result.GetValue(dtype) == "int8" ? WeightFormat.Int8 : WeightFormat.Int4, result.GetValue(force), cancellationToken)
                : CheckpointConverter.Convert(source, target, options, result.GetValue(force), cancellationToken);
            foreach (var (name, bytes) in conversion.Files)
                terminal.WriteLine($"{Path.Combine(result.GetRequiredValue(output), name)}\t{bytes.ToString(CultureInfo.InvariantCulture)} bytes");
            if (conversion.DroppedTensors.Count > 0)
                terminal.WriteError($"sightline: {conversion.DroppedTensors.Count} tensors that the model does not use were left out: {string.Join(", ", conversion.DroppedTensors.Take(5))}{(conversion.DroppedTensors.Count > 5 ? ", ..." : "")}.");
            if (conversion.OtherFiles.Count > 0)
                terminal.WriteError($"sightline: not copied: {string.Join(", ", conversion.OtherFiles)}.");
            return ExitCode.Done;
        });
        return verb;
    }
}
