using System.CommandLine;
using System.Globalization;
using Sightline.Cli.Models;
using Sightline.Onnx;

namespace Sightline.Cli.Commands;

/// <summary><c>sightline export</c>: writes a model for other programs' runtimes.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var model = new ModelSettings();
        var onnx = new Option<string>("--onnx") { Description = "The new ONNX folder; it must not exist or must be empty.", HelpName = "OUT", Required = true };
        var types = new Option<OnnxNumberType[]>("--dtype")
        {
            Description = "Number types, e.g. fp32,q8 (default fp32): fp32, fp16, q8.",
            HelpName = "TYPES",
            CustomParser = parsed =>
            {
                var words = parsed.Tokens[0].Value.Split(',');
                if (words.FirstOrDefault(word => Parse(word) is null) is { } unknown)
                    parsed.AddError($"--dtype names '{unknown}'; fp32, fp16 and q8 were expected, e.g. fp32,q8.");
                return [.. words.Select(word => Parse(word) ?? OnnxNumberType.Fp32)];
            },
        };
        var perChannel = new Option<bool>("--per-channel") { Description = "q8: a scale for each output, not for each weight; keeps more captions." };
        var cross = ChoiceOption.Create("--cross-kv", "Cross-attention keys and values: recomputed for each token, as other programs expect, or cached: computed once, by the encoder.", "recomputed", "cached");
        var verb = new Verb("export", "Write a model as an ONNX folder for transformers.js, Firefox, NVDA and ONNX Runtime.")
        {
            Notes = """
                Examples:
                  sightline export --model path/to/model --onnx out
                  sightline export --model path/to/model --onnx out --dtype fp32,q8
                  sightline export --model path/to/model --onnx fast --dtype q8 --per-channel --cross-kv cached

                Every folder has encoder_model and decoder_model_merged below onnx/, with the suffix _fp16 or _quantized of
                their number type, and the configuration and tokenizer files that readers look for. --cross-kv cached is
                for your own programs on ONNX Runtime; the readers named above expect the default. OUT appears only when
                everything is written.
                """,
        };
        model.AddTo(verb);
        foreach (var option in (IEnumerable<Option>)[onnx, types, perChannel, cross])
            verb.Add(option);
        verb.Run(async (result, terminal, cancellationToken) =>
        {
            var options = new OnnxExportOptions
            {
                NumberTypes = result.GetValue(types) is { Length: > 0 } given ? given : [OnnxNumberType.Fp32],
                PerChannel = result.GetValue(perChannel),
                CrossKeyValues = result.GetValue(cross) == "cached" ? CrossKeyValues.Cached : CrossKeyValues.Recomputed,
            };
            var output = result.GetRequiredValue(onnx);
            var export = OnnxExporter.Export(await model.LocateAsync(result, terminal, cancellationToken), output, options, cancellationToken);
            foreach (var (name, bytes) in export.Files)
                terminal.WriteLine($"{Path.Combine(output, name)}\t{bytes.ToString(CultureInfo.InvariantCulture)} bytes");
            return ExitCode.Done;
        });
        return verb;
    }

    private static OnnxNumberType? Parse(string word) => word switch
    {
        "fp32" => OnnxNumberType.Fp32,
        "fp16" => OnnxNumberType.Fp16,
        "q8" => OnnxNumberType.Q8,
        _ => null,
    };
}
