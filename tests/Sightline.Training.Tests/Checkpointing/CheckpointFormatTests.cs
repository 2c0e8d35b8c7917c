using System.IO.Compression;
using System.Text.Json.Nodes;
using Sightline.Checkpoints;
using Sightline.IO;
using Sightline.Tests;
using Sightline.Training.Checkpointing;

namespace Sightline.Training.Tests.Checkpointing;

/// <summary>What the trainer writes against what the real Trainer wrote for the same run.</summary>
public sealed class CheckpointFormatTests(TrainedRun run) : IClassFixture<TrainedRun>
{
    private static string Reference(params string[] parts) => Fixture.Path(["training", "hf_output", .. parts]);

    private string Written(params string[] parts) => Path.Combine([run.OutputDir, .. parts]);

    [Fact]
    public void Output_WholeRun_HasTheFilesOfTheReference()
    {
        var listing = JsonFile.ReadObject(Fixture.Path("training", "manifest.json"))["hf_output_listing"]!.AsObject();
        foreach (var (folder, names) in listing)
        {
            var entries = Directory.EnumerateFileSystemEntries(Written(folder)).Select(entry => Path.GetFileName(entry)!);
            Assert.Equal(names!.AsArray().Select(name => name!.GetValue<string>()).Order(StringComparer.Ordinal), entries.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Optimizer_Checkpoint_HasTheReferencesPickleByteForByte()
    {
        var (reference, written) = (Reference("checkpoint-25", "optimizer.pt"), Written("checkpoint-25", "optimizer.pt"));
        Assert.Equal(Pickle(reference), Pickle(written));
        Assert.Equal(Entries(reference), Entries(written)); // only the values of the tensors differ, by rounding
    }

    [Fact]
    public void Weights_Checkpoint_HaveTheReferencesNamesShapesAndMasks()
    {
        using var reference = PyTorchFile.Open(Reference("checkpoint-25", "pytorch_model.bin"));
        using var written = PyTorchFile.Open(Written("checkpoint-25", "pytorch_model.bin"));
        Assert.Equal(reference.Tensors.Select(pair => $"{pair.Key} {pair.Value.DType} {pair.Value.ShapeText}"), written.Tensors.Select(pair => $"{pair.Key} {pair.Value.DType} {pair.Value.ShapeText}"));
        foreach (var name in reference.Tensors.Keys.Where(name => reference.Find(name).DType == TensorDType.U8 || name.EndsWith("masked_bias", StringComparison.Ordinal)))
            Assert.Equal(reference.GetMemory(name).ToArray(), written.GetMemory(name).ToArray());
    }

    [Theory]
    [InlineData("scheduler.pt")]
    [InlineData("training_args.bin")]
    public void Checkpoint_FileWithoutTensors_EqualsTheReference(string name) =>
        Assert.Equal(File.ReadAllBytes(Reference("checkpoint-25", name)), File.ReadAllBytes(Written("checkpoint-25", name)));

    [Fact]
    public void TrainingArguments_WithGeneration_AreThoseOfSeq2Seq()
    {
        using var folder = new TemporaryFolder();
        var arguments = new TrainingArguments { PredictWithGenerate = true, GenerationNumBeams = 3 };
        TrainingArgumentsFile.Save(folder.Path, arguments, cuda: false);
        var text = System.Text.Encoding.Latin1.GetString(Pickle(folder.File("training_args.bin")));
        Assert.Contains("ctransformers.training_args_seq2seq\nSeq2SeqTrainingArguments\n", text, StringComparison.Ordinal);
        Assert.Matches("generation_max_lengthq.N", text); // None, as the argument's default is
        Assert.Matches("generation_num_beamsq.K\u0003", text);
        TrainingArgumentsFile.Save(folder.Path, arguments with { PredictWithGenerate = false }, cuda: false);
        Assert.DoesNotContain("Seq2Seq", System.Text.Encoding.Latin1.GetString(Pickle(folder.File("training_args.bin"))), StringComparison.Ordinal);
    }

    [Fact]
    public void RandomStates_PythonAndNumpy_EqualTheReference()
    {
        // Both pickles begin with python's and numpy's states, up to the key 'cpu'.
        var (reference, written) = (Pickle(Reference("checkpoint-25", "rng_state.pth")), Pickle(Written("checkpoint-25", "rng_state.pth")));
        var end = reference.AsSpan().IndexOf("X\x03\0\0\0cpu"u8);
        Assert.InRange(end, 7000, reference.Length);
        Assert.True(reference.AsSpan(0, end).SequenceEqual(written.AsSpan(0, end)));
    }

    [Fact]
    public void TrainerState_Checkpoint_EqualsTheReferenceButForTimesAndRounding()
    {
        Compare(JsonFile.ReadObject(Reference("checkpoint-25", "trainer_state.json")), JsonFile.ReadObject(Written("checkpoint-25", "trainer_state.json")));
        Compare(JsonFile.ReadObject(Reference("trainer_state.json")), JsonFile.ReadObject(Written("trainer_state.json")));
    }

    [Fact]
    public void TrainerState_ReferencesFile_IsWrittenBackByteForByte()
    {
        using var folder = new TemporaryFolder();
        foreach (var source in new[] { Reference(), Reference("checkpoint-25") })
        {
            TrainerState.Load(source).Save(folder.Path);
            Assert.Equal(File.ReadAllText(Path.Combine(source, "trainer_state.json")), File.ReadAllText(folder.File("trainer_state.json")));
        }
    }

    [Theory]
    [InlineData("train_results.json")]
    [InlineData("eval_results.json")]
    [InlineData("all_results.json")]
    public void Results_WholeRun_HaveTheReferencesKeysAndLayout(string name)
    {
        var (reference, written) = (File.ReadAllText(Reference(name)), File.ReadAllText(Written(name)));
        Assert.Equal(WithoutNumbers(reference), WithoutNumbers(written));
    }

    [Fact]
    public void ModelCard_WholeRun_EqualsTheReferenceButForVersions()
    {
        static string Body(string path) => File.ReadAllText(path).Split("### Framework versions")[0];
        var (reference, written) = (Body(Reference("README.md")), Body(Written("README.md")));
        Assert.Equal(WithoutNumbers(reference), WithoutNumbers(written));
        Assert.Contains("- Loss: 3.04", written, StringComparison.Ordinal);
    }

    private static byte[] Pickle(string path)
    {
        using var zip = ZipFile.OpenRead(path);
        using var stream = zip.Entries.Single(entry => entry.Name == "data.pkl").Open();
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }

    private static List<(string, long)> Entries(string path)
    {
        using var zip = ZipFile.OpenRead(path);
        return [.. zip.Entries.Select(entry => (entry.FullName, entry.Length))];
    }

    private static void Compare(JsonObject expected, JsonObject actual)
    {
        Assert.Equal(expected.Select(pair => pair.Key), actual.Select(pair => pair.Key));
        foreach (var (key, value) in expected.Where(pair => pair.Key != "log_history"))
            Assert.Equal(value?.ToJsonString(), actual[key]?.ToJsonString());
        var (want, have) = (expected["log_history"]!.AsArray(), actual["log_history"]!.AsArray());
        Assert.Equal(want.Count, have.Count);
        for (var i = 0; i < want.Count; i++)
        {
            Assert.Equal(want[i]!.AsObject().Select(pair => pair.Key), have[i]!.AsObject().Select(pair => pair.Key));
            foreach (var (key, value) in want[i]!.AsObject().Where(pair => pair.Key is not ("loss" or "eval_loss" or "train_loss") && !IsTime(pair.Key)))
                Assert.Equal(value!.ToJsonString(), have[i]![key]!.ToJsonString());
        }
    }

    private static bool IsTime(string key) => key.EndsWith("_runtime", StringComparison.Ordinal) || key.EndsWith("_per_second", StringComparison.Ordinal);

    private static string WithoutNumbers(string text) => System.Text.RegularExpressions.Regex.Replace(text, @"\d+\.\d+", "#");
}
