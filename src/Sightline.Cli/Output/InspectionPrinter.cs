using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sightline.Checkpoints;
using Sightline.IO;
using Sightline.Models;

namespace Sightline.Cli.Output;

/// <summary>Prints what a checkpoint holds, for people or for programs.</summary>
internal sealed class InspectionPrinter(Terminal terminal, CheckpointInspection inspection)
{
    /// <summary>Prints lines: configuration, tensors, totals, faults.</summary>
    public void PrintText()
    {
        PrintConfiguration();
        terminal.WriteLine($"tensors\t{inspection.Tensors.Count}");
        foreach (var tensor in inspection.Tensors)
            terminal.WriteLine($"{tensor.Name}\t{tensor.DType.SafetensorsName()}\t{tensor.ShapeText}\t{Number(Bytes(tensor))} bytes");
        terminal.WriteLine($"parameters\t{Number(inspection.ParameterCount)}");
        terminal.WriteLine($"size of the tensors\t{ByteSize.Show(inspection.ByteCount)} ({Number(inspection.ByteCount)} bytes)");
        if (inspection.Match is { } match)
        {
            foreach (var tensor in match.Buffers)
                terminal.WriteLine($"not needed\t{tensor.Name}\ta buffer of older versions");
            foreach (var tensor in match.Surplus)
                terminal.WriteLine($"surplus\t{tensor.Name}\t{tensor.ShapeText}");
            foreach (var parameter in match.Missing)
                terminal.WriteLine($"missing\t{parameter.Name}\t{Shape(parameter)}");
            foreach (var (parameter, tensor) in match.Misshapen)
                terminal.WriteLine($"wrong shape\t{tensor.Name}\t{tensor.ShapeText}, config.json needs {Shape(parameter)}");
            terminal.WriteLine(match.IsComplete ? "complete\tevery parameter of config.json is there" : $"incomplete\t{match.Missing.Count} missing, {match.Misshapen.Count} of a wrong shape");
        }

        foreach (var problem in inspection.Problems)
            terminal.WriteError($"sightline: {problem}");
    }

    /// <summary>Prints one JSON object.</summary>
    public void PrintJson()
    {
        terminal.WriteLine(JsonLine.Create(WriteMembers));
        foreach (var problem in inspection.Problems)
            terminal.WriteError($"sightline: {problem}");
    }

    private void PrintConfiguration()
    {
        if (inspection.Config is { } config)
        {
            var (encoder, decoder) = (config.Encoder, config.Decoder);
            terminal.WriteLine($"encoder\t{encoder.ModelType}, {encoder.NumHiddenLayers} layers, hidden size {encoder.HiddenSize}, {encoder.NumAttentionHeads} heads, pictures {encoder.ImageSize} x {encoder.ImageSize}, patches {encoder.PatchSize} x {encoder.PatchSize}, {encoder.HiddenAct}");
            terminal.WriteLine($"decoder\tgpt2, {decoder.NLayer} layers, hidden size {decoder.NEmbd}, {decoder.NHead} heads, vocabulary {decoder.VocabSize}, positions {decoder.NPositions}, {decoder.ActivationFunction}{(decoder.TieWordEmbeddings ? "" : ", own output layer")}");
            if (config.HasEncoderToDecoderProjection)
                terminal.WriteLine($"between\ta linear layer from {encoder.HiddenSize} to {decoder.NEmbd}");
        }

        if (inspection.Generation is { } generation)
            terminal.WriteLine($"generation\t{Settings(generation.Options.ToJson())}");
        if (inspection.Processor is { } processor)
            terminal.WriteLine($"pictures\t{Settings(processor.ToJson())}");
        if (inspection.Tokenizer is { } tokenizer)
            terminal.WriteLine($"tokenizer\t{tokenizer.VocabularySize} tokens; bos {Id(tokenizer.BosTokenId)}, eos {Id(tokenizer.EosTokenId)}, pad {Id(tokenizer.PadTokenId)}");
    }

    private void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteString("path", inspection.Path);
        WriteNode(writer, "config", inspection.Config?.Json);
        WriteNode(writer, "generation", inspection.Generation?.Options.ToJson());
        WriteNode(writer, "processor", inspection.Processor?.ToJson());
        if (inspection.Tokenizer is { } tokenizer)
        {
            writer.WriteStartObject("tokenizer");
            writer.WriteNumber("size", tokenizer.VocabularySize);
            WriteId(writer, "bos_token_id", tokenizer.BosTokenId);
            WriteId(writer, "eos_token_id", tokenizer.EosTokenId);
            WriteId(writer, "pad_token_id", tokenizer.PadTokenId);
            writer.WriteEndObject();
        }
        else
        {
            writer.WriteNull("tokenizer");
        }

        writer.WriteStartArray("tensors");
        foreach (var tensor in inspection.Tensors)
        {
            writer.WriteStartObject();
            writer.WriteString("name", tensor.Name);
            writer.WriteString("dtype", tensor.DType.SafetensorsName());
            WriteShape(writer, "shape", tensor.Shape);
            writer.WriteNumber("bytes", Bytes(tensor));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumber("parameters", inspection.ParameterCount);
        writer.WriteNumber("bytes", inspection.ByteCount);
        WriteMatch(writer);
        writer.WriteStrings("problems", inspection.Problems);
        writer.WriteBoolean("complete", inspection.IsComplete);
    }

    private void WriteMatch(Utf8JsonWriter writer)
    {
        if (inspection.Match is not { } match)
            return;
        writer.WriteStartArray("missing");
        foreach (var parameter in match.Missing)
        {
            writer.WriteStartObject();
            writer.WriteString("name", parameter.Name);
            WriteShape(writer, "expected_shape", parameter.Shape.Select(size => (long)size));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("misshapen");
        foreach (var (parameter, tensor) in match.Misshapen)
        {
            writer.WriteStartObject();
            writer.WriteString("name", tensor.Name);
            WriteShape(writer, "shape", tensor.Shape);
            WriteShape(writer, "expected_shape", parameter.Shape.Select(size => (long)size));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStrings("surplus", match.Surplus.Select(tensor => tensor.Name));
        writer.WriteStrings("buffers", match.Buffers.Select(tensor => tensor.Name));
    }

    private static void WriteNode(Utf8JsonWriter writer, string name, JsonObject? node)
    {
        writer.WritePropertyName(name);
        if (node is null)
            writer.WriteNullValue();
        else
            writer.WriteRawValue(PythonJson.Serialize(node, indent: -1));
    }

    private static void WriteId(Utf8JsonWriter writer, string name, int? id)
    {
        if (id is { } given)
            writer.WriteNumber(name, given);
        else
            writer.WriteNull(name);
    }

    private static void WriteShape(Utf8JsonWriter writer, string name, IEnumerable<long> shape)
    {
        writer.WriteStartArray(name);
        foreach (var size in shape)
            writer.WriteNumberValue(size);
        writer.WriteEndArray();
    }

    private static string Settings(JsonObject settings) => string.Join(", ", settings.Select(pair => $"{pair.Key} {PythonJson.Serialize(pair.Value, indent: -1)}"));

    private static string Shape(ParameterInfo parameter) => $"[{string.Join(", ", parameter.Shape)}]";

    private static string Id(int? id) => id is { } given ? Number(given) : "none";

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static long Bytes(TensorInfo tensor) => tensor.ElementCount * tensor.DType.Size();
}
