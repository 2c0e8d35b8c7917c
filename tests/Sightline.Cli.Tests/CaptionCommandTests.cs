using System.Diagnostics;
using System.Text.Json.Nodes;
using Sightline.Tests;
using Xunit;

namespace Sightline.Cli.Tests;

public sealed class CaptionCommandTests
{
    private static readonly string s_model = Fixture.Path("checkpoints", "t-base");
    private static readonly string[] s_shapes = ["images/shapes/shape0.png", "images/shapes/shape1.png", "images/shapes/shape2.png"];

    // The options of generate() that the command has; cases that use others are tested in the library.
    private static readonly Dictionary<string, string> s_options = new()
    {
        ["max_length"] = "--max-length",
        ["max_new_tokens"] = "--max-new-tokens",
        ["min_length"] = "--min-length",
        ["num_beams"] = "--beams",
        ["num_return_sequences"] = "--num-return",
        ["length_penalty"] = "--length-penalty",
        ["no_repeat_ngram_size"] = "--no-repeat-ngram-size",
        ["repetition_penalty"] = "--repetition-penalty",
        ["early_stopping"] = "--early-stopping",
    };

    public static TheoryData<string, string> Golden() => new()
    {
        { "t-base", "greedy-50" }, { "t-base", "greedy-min12" }, { "t-base", "greedy-rep1.3" }, { "t-base", "greedy-ngram2" }, { "t-base", "greedy-newtokens7" },
        { "t-base", "beam4-lp-1" }, { "t-base", "beam4-all" }, { "t-base", "beam5-ret5" }, { "t-base", "beam5-lp2.0-early-16" },
        { "t-417", "beam4-ret3" }, { "t-proj", "beam5-ret3-early" }, { "t-deit-distinct-pad", "beam4-min15" }, { "t-distil6", "greedy-50" },
    };

    [Theory]
    [MemberData(nameof(Golden))]
    public async Task Caption_Options_GiveTheReferenceText(string checkpoint, string name)
    {
        var file = JsonNode.Parse(await File.ReadAllTextAsync(Fixture.Path("generate", checkpoint + ".json"), TestContext.Current.CancellationToken))!;
        var golden = file["cases"]!.AsArray().Single(each => each!["name"]!.GetValue<string>() == name)!;
        var arguments = golden["kwargs"]!.AsObject().SelectMany(option => option.Value!.ToJsonString() is var value && value == "true" ? [s_options[option.Key]] : new[] { $"{s_options[option.Key]}={value}" });
        var result = await Command.RunAsync(["caption", .. s_shapes, "--model", Fixture.Path("checkpoints", checkpoint), .. arguments]);

        var texts = golden["4.17"]!["text"]!.AsArray().Select(text => text!.GetValue<string>()).ToList();
        var perImage = texts.Count / s_shapes.Length;
        Assert.Equal(texts.Select((text, i) => $"{s_shapes[i / perImage]}\t{text}"), result.Lines);
        Assert.Empty(result.Error);
        Assert.Equal(0, result.ExitCode);
        Assert.True(texts.Distinct().Count() >= 2);
    }

    [Fact]
    public async Task Caption_Json_GivesEveryFieldOfTheReference()
    {
        var result = await Command.RunAsync("caption", s_shapes[0], s_shapes[2], "--model", s_model, "--beams", "4", "--num-return", "3", "--max-length", "30", "--json");
        Assert.Equal(0, result.ExitCode);
        var golden = JsonNode.Parse(await File.ReadAllTextAsync(Fixture.Path("generate", "t-base.json"), TestContext.Current.CancellationToken))!["cases"]!.AsArray()
            .Single(each => each!["name"]!.GetValue<string>() == "beam4-ret3")!["4.17"]!;
        Assert.Equal(2, result.Json.Length);
        foreach (var (line, image) in result.Json.Zip([0, 2]))
        {
            Assert.Equal(["image", "text", "ids", "score", "tokens", "ms", "alternatives"], line.Select(pair => pair.Key));
            Assert.Equal(s_shapes[image], line["image"]!.GetValue<string>());
            Assert.True(line["ms"]!.GetValue<double>() > 0);
            var captions = line["alternatives"]!.AsArray().Prepend(line.DeepClone()).ToList();
            Assert.Equal(3, captions.Count);
            for (var i = 0; i < 3; i++)
            {
                var row = (3 * image) + i;
                var ids = captions[i]!["ids"]!.AsArray().Select(id => id!.GetValue<int>()).ToArray();
                Assert.Equal(golden["sequences"]![row]!.AsArray().Skip(1).Take(ids.Length).Select(id => id!.GetValue<int>()), ids);
                Assert.Equal(golden["text"]![row]!.GetValue<string>(), captions[i]!["text"]!.GetValue<string>());
                Assert.Equal(golden["sequences_scores"]![row]!.GetValue<double>(), captions[i]!["score"]!.GetValue<double>(), 2e-5);
                var tokens = captions[i]!["tokens"]!.AsArray();
                Assert.Equal(ids.Length, tokens.Count);
                Assert.Equal(captions[i]!["text"]!.GetValue<string>(), string.Concat(tokens.Select(token => token!["text"]!.GetValue<string>())));
                Assert.All(tokens, token => Assert.InRange(token!["log_probability"]!.GetValue<double>(), -50, 0));
            }
        }
    }

    [Fact]
    public async Task Caption_StandardInput_ReadsOnePicture()
    {
        var bytes = await File.ReadAllBytesAsync(Fixture.Path("images", "shapes", "shape1.png"), TestContext.Current.CancellationToken);
        var file = await Command.RunAsync("caption", s_shapes[1], "--model", s_model);
        var piped = await Command.RunAsync(["caption", "-", "--model", s_model], folder: null, bytes);
        Assert.Equal(file.Lines.Single().Replace(s_shapes[1], "-", StringComparison.Ordinal), piped.Lines.Single());
        Assert.Equal(0, piped.ExitCode);

        var empty = await Command.RunAsync(["caption", "-", "--model", s_model], folder: null, input: []);
        Assert.Equal(1, empty.ExitCode);
        Assert.Contains("-: ", empty.ErrorLines.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Caption_FoldersAndPatterns_StandForTheirFilesInOrdinalOrder()
    {
        using var folder = new TemporaryFolder();
        folder.Take("images/shapes/shape0.png", "photos/b.png");
        folder.Take("images/shapes/shape1.png", "photos/B.PNG");
        folder.Take("images/shapes/shape2.png", "photos/a10.png");
        folder.Take("images/shapes/shape3.png", "photos/a9.png");
        folder.Take("images/shapes/shape4.png", "photos/inner/deep/c.png");
        folder.Take("images/expected.json", "photos/notes.json");
        folder.Take("images/shapes/shape4.png", "photos/.hidden.png");
        string[] flat = ["photos/B.PNG", "photos/a10.png", "photos/a9.png", "photos/b.png"];
        await Names([.. flat], "photos");
        await Names([.. flat, "photos/inner/deep/c.png"], "photos", "--recursive");
        await Names(["photos/a9.png", "photos/b.png"], "photos/?*.png", "photos/a10.png", except: 2);
        await Names(["photos/a9.png"], "photos/a?.png");
        await Names(["photos/a10.png", "photos/a9.png", "photos/b.png", "photos/inner/deep/c.png"], "photos/**/*.png");
        await Names(["photos/inner/deep/c.png"], "*/inner/d*/c.png");
        await Names([folder.At("photos", "a10.png"), folder.At("photos", "a9.png")], folder.At("photos", "a*.png"));
        await Names(["photos/b.png", "photos/b.png"], "photos/b.png", "photos/b.png");

        async Task Names(string[] expected, string first, string? second = null, int except = 0)
        {
            var result = await Command.RunAsync(["caption", first, .. second is null ? Array.Empty<string>() : [second], "--model", s_model, "--max-length", "4"], folder.Root, input: null);
            Assert.Equal(0, result.ExitCode);
            var names = result.Lines.Select(line => line.Split('\t')[0]).ToArray();
            if (except == 2) // a10.png comes twice: from the pattern, in its order, and by name
                names = [.. names.Where(name => name != "photos/a10.png")];
            Assert.Equal(expected, names);
        }
    }

    [Fact]
    public async Task Caption_FailingPicturesAmongGoodOnes_ReportsThemAndDoesTheRest()
    {
        string[] images = ["images/bad_crc.png", s_shapes[0], "nothing.png", "images/bad_truncated.jpg", s_shapes[1], "no*.png", "tokenizer", s_shapes[2]];
        foreach (var batch in new[] { "1", "2", "8" })
        {
            var result = await Command.RunAsync(["caption", .. images, "--model", s_model, "--batch", batch, "--json"]);
            Assert.Equal(1, result.ExitCode);
            Assert.Equal(images, result.Json.Select(line => line["image"]!.GetValue<string>()));
            var failed = result.Json.Where(line => line.ContainsKey("error")).ToList();
            Assert.Equal([images[0], images[2], images[3], images[5], images[6]], failed.Select(line => line["image"]!.GetValue<string>()));
            Assert.Equal(failed.Select(line => $"sightline: {line["error"]!.GetValue<string>()}"), result.ErrorLines);
            Assert.Equal(result.ErrorLines.Length, result.ErrorLines.Zip(failed).Count(pair => pair.First.Contains(pair.Second["image"]!.GetValue<string>(), StringComparison.Ordinal)));
        }

        var plain = await Command.RunAsync(["caption", .. images, "--model", s_model]);
        Assert.Equal(1, plain.ExitCode);
        Assert.Equal(s_shapes, plain.Lines.Select(line => line.Split('\t')[0]));
        Assert.Equal(5, plain.ErrorLines.Length);
    }

    [Fact]
    public async Task Caption_BatchAndThreads_DoNotChangeTheCaptions()
    {
        var images = Directory.GetFiles(Fixture.Path("images"), "png_*.png");
        var one = await Command.RunAsync(["caption", .. images, "--model", s_model, "--batch", "1", "--threads", "1"]);
        var many = await Command.RunAsync(["caption", .. images, "--model", s_model, "--batch", "7", "--threads", "2"]);
        Assert.Equal(images.Length, one.Lines.Length);
        Assert.Equal(one.Lines, many.Lines);
        Assert.True(one.Lines.Select(line => line.Split('\t')[1]).Distinct().Count() > 3);
    }

    [Fact]
    public async Task Caption_Sampling_IsRepeatableWithASeed()
    {
        async Task<string> Run(params string[] more) =>
            (await Command.RunAsync(["caption", .. s_shapes, "--model", s_model, "--sample", "--temperature", "2.5", .. more])).Output;
        var first = await Run("--seed", "1");
        Assert.Equal(first, await Run("--seed", "1"));
        Assert.NotEqual(first, await Run("--seed", "2"));
        Assert.Equal(await Run("--seed", "1", "--top-k", "1"), (await Command.RunAsync(["caption", .. s_shapes, "--model", s_model])).Output);
    }

    [Fact]
    public async Task Caption_NoExif_ReadsThePictureAsStored()
    {
        async Task<double> Score(string image, params string[] more) =>
            (await Command.RunAsync(["caption", $"images/{image}", "--model", s_model, "--json", .. more])).Json.Single()["score"]!.GetValue<double>();
        Assert.NotEqual(await Score("jpeg_exif6.jpg"), await Score("jpeg_exif6.jpg", "--no-exif"));
        Assert.Equal(await Score("jpeg_exif1.jpg"), await Score("jpeg_exif1.jpg", "--no-exif"));
    }

    [Fact]
    public async Task Caption_MaxPixels_RefusesLargerPictures()
    {
        var result = await Command.RunAsync("caption", "images/png_rgb.png", "images/png_1x1.png", "--model", s_model, "--max-pixels", "100");
        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith("images/png_1x1.png\t", result.Lines.Single(), StringComparison.Ordinal);
        Assert.Contains("images/png_rgb.png", result.ErrorLines.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Caption_BadModel_IsOneLine()
    {
        using var folder = new TemporaryFolder();
        var model = folder.Take("checkpoints/t-base");
        await Fails(folder.At("nothing"), "no such folder");
        await Fails(Fixture.Path("checkpoints", "t-fullvocab"), "no tokenizer");
        await using (var weights = File.OpenWrite(Path.Combine(model, "model.safetensors")))
            weights.SetLength(weights.Length / 2);
        await Fails(model, "model.safetensors");
        File.Delete(Path.Combine(model, "model.safetensors"));
        await Fails(model, "no weights here");
        await File.WriteAllTextAsync(Path.Combine(model, "config.json"), "{ \"encoder\": 3 }", TestContext.Current.CancellationToken);
        await Fails(model, "config.json");

        static async Task Fails(string model, string expected)
        {
            var result = await Command.RunAsync("caption", s_shapes[0], "--model", model);
            Assert.Equal(1, result.ExitCode);
            Assert.Empty(result.Output);
            Assert.StartsWith("sightline: ", result.ErrorLines.Single(), StringComparison.Ordinal);
            Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Caption_Interrupted_StopsAndGivesWhatIsDone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent with kill.");
        var many = Enumerable.Repeat(s_shapes[1], 20_000).ToArray();
        using var process = Command.Start(["caption", .. many, "--model", s_model, "--batch", "4"]);
        process.StandardInput.Close();
        var first = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith(s_shapes[1] + "\t", first, StringComparison.Ordinal);
        using var kill = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        var result = await Command.FinishAsync(process);
        Assert.Equal(130, result.ExitCode);
        Assert.Equal(["sightline: stopped."], result.ErrorLines);
        Assert.InRange(result.Lines.Length, 0, many.Length - 100);
        Assert.All(result.Lines, line => Assert.Equal(first, line));
    }

    [Fact]
    public async Task Caption_InterruptedWhileItReadsAPipe_Stops()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent with kill.");
        using var process = Command.Start(["caption", s_shapes[1], "-", "--model", s_model, "--batch", "1"]); // its standard input stays open and silent
        var first = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith(s_shapes[1] + "\t", first, StringComparison.Ordinal);
        using var kill = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        var result = await Command.FinishAsync(process);
        Assert.Equal(130, result.ExitCode);
        Assert.Equal(["sightline: stopped."], result.ErrorLines);
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task Caption_ReaderOfTheResultsEnds_Stops()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Closed pipes are noticed on Unix only.");
        var many = Enumerable.Repeat(s_shapes[1], 20_000).Append("nothing.png").ToArray();
        using var process = Command.Start(["caption", .. many, "--model", s_model, "--batch", "4"]);
        process.StandardInput.Close();
        Assert.StartsWith(s_shapes[1] + "\t", await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        process.StandardOutput.Close();
        Assert.Empty(await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)); // the last picture was never tried
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(141, process.ExitCode);
    }

    [Fact]
    public async Task Caption_ResultsCannotBeWritten_IsOneLine()
    {
        Assert.SkipWhen(!File.Exists("/dev/full"), "A full disk is imitated by /dev/full.");
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec dotnet \"$@\" > /dev/full", "sh", Command.Assembly, "caption", .. s_shapes, "--model", s_model])
        {
            RedirectStandardError = true,
            WorkingDirectory = Fixture.Root,
        };
        using var process = Process.Start(start)!;
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, process.ExitCode);
        Assert.StartsWith("sightline: the results cannot be written: ", error, StringComparison.Ordinal);
        Assert.Equal(error.Length - 1, error.IndexOf('\n', StringComparison.Ordinal));
    }

    [Fact]
    public async Task Caption_OnATerminal_ShowsProgressBesideTheResults()
    {
        Assert.SkipWhen(!File.Exists("/usr/bin/script"), "A terminal is made with the program script.");
        using var folder = new TemporaryFolder();
        var command = string.Join(' ', ["dotnet", Command.Assembly, "caption", .. s_shapes, "--model", s_model, "--batch", "1"]);
        async Task<string> Run(string line, string terminal)
        {
            var start = new ProcessStartInfo("/usr/bin/script", ["-qec", line, "/dev/null"]) { RedirectStandardInput = true, RedirectStandardOutput = true, WorkingDirectory = Fixture.Root };
            start.Environment["TERM"] = terminal;
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var shown = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, process.ExitCode);
            return shown;
        }

        var shown = await Run(command, "xterm");
        Assert.Contains("] 100 % 3 of 3", shown, StringComparison.Ordinal);
        Assert.All(s_shapes, shape => Assert.Contains(shape + "\ta ", shown, StringComparison.Ordinal));
        Assert.DoesNotContain("%", await Run(command, "dumb"), StringComparison.Ordinal);

        Assert.Contains("] 100 % 3 of 3", await Run($"{command} > {folder.At("captions.txt")}", "xterm"), StringComparison.Ordinal);
        Assert.Equal((await Command.RunAsync(["caption", .. s_shapes, "--model", s_model])).Output, await File.ReadAllTextAsync(folder.At("captions.txt"), TestContext.Current.CancellationToken));
    }
}
