using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Sightline.Generation;

namespace Sightline.Benchmarks.Peers;

/// <summary>
/// transformers.js in a Node process of its own, on a folder in its layout: ONNX Runtime with its own search, which is greedy whatever <c>num_beams</c> says. The
/// pictures are in its memory before it is timed; asking and answering take a fraction of a millisecond.
/// </summary>
internal sealed class TransformersJsPeer : IPeer
{
    private readonly Process _node;
    private readonly string _pixels = Path.GetTempFileName();
    private float[]? _sent;

    /// <param name="name">What the table calls it.</param>
    /// <param name="folder">The export.</param>
    /// <param name="dtype"><c>fp32</c>, <c>fp16</c> or <c>q8</c>.</param>
    /// <param name="threads">Threads of each of its two sessions, which never run at once.</param>
    public TransformersJsPeer(string name, string folder, string dtype, int threads)
    {
        Name = name;
        _node = StartNode("caption.mjs", Path.GetFullPath(folder), dtype, $"{threads}", _pixels);
        if (Read() is var line && line != "ready")
            throw new InvalidOperationException($"transformers.js said '{line}', not 'ready'.");
    }

    public string Name { get; }

    public IPeer? Against { get; init; }

    public bool HasBeamSearch => false;

    /// <summary>Why it cannot run here; null: it can.</summary>
    public static string? WhyNot()
    {
        if (!Directory.Exists(Path.Combine(Scripts(), "node_modules", "@huggingface", "transformers")))
            return "transformers.js is not installed, so it is left out; run: npm ci --ignore-scripts --prefix bench/transformers.js";
        try
        {
            using var node = StartNode("--version");
            node.WaitForExit();
            return null;
        }
        catch (Win32Exception)
        {
            return "Node is not on the PATH, so transformers.js is left out; install it (Debian: apt-get install nodejs npm).";
        }
    }

    public IReadOnlyList<int> Caption(float[] pixelValues, int batch, GenerationOptions options)
    {
        var isNew = !ReferenceEquals(pixelValues, _sent);
        if (isNew)
            File.WriteAllBytes(_pixels, MemoryMarshal.AsBytes(pixelValues.AsSpan()));
        _sent = pixelValues;
        var size = (int)Math.Sqrt(pixelValues.Length / (3 * batch));
        var question = new JsonObject { ["batch"] = batch, ["size"] = size, ["length"] = options.MaxLength, ["read"] = isNew };
        _node.StandardInput.WriteLine(question.ToJsonString());
        return [.. JsonNode.Parse(Read())!.AsArray().Select(id => id!.GetValue<int>())];
    }

    public void Dispose()
    {
        _node.StandardInput.Close(); // ends the script
        _node.WaitForExit();
        _node.Dispose();
        File.Delete(_pixels);
    }

    private static string Scripts([CallerFilePath] string source = "") => Path.Combine(Path.GetDirectoryName(source)!, "..", "..", "transformers.js");

    private static Process StartNode(params string[] arguments) => Process.Start(new ProcessStartInfo("node", arguments)
    {
        WorkingDirectory = Scripts(),
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;

    private string Read() => _node.StandardOutput.ReadLine() ?? throw new InvalidOperationException("transformers.js has ended; what it said is above.");
}
