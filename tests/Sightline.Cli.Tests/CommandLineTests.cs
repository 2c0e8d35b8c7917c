using Sightline.Tests;
using Xunit;

namespace Sightline.Cli.Tests;

public sealed class CommandLineTests
{
    private static readonly string[] s_verbs = ["caption", "merge", "serve", "inspect", "convert", "export", "pull", "models", "push", "verify"];

    [Fact]
    public async Task Help_Root_ListsTheVerbs()
    {
        var result = await Command.RunAsync("--help");
        Assert.Equal(0, result.ExitCode);
        Assert.Empty(result.Error);
        Assert.All(s_verbs, verb => Assert.Contains($"  {verb} ", result.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Help_Verb_GivesExamples()
    {
        foreach (var verb in s_verbs)
        {
            var result = await Command.RunAsync(verb, "--help");
            Assert.Equal(0, result.ExitCode);
            Assert.Contains("Examples:", result.Output, StringComparison.Ordinal);
            Assert.Contains($"  sightline {verb} ", result.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Version_IsThatOfTheAssembly()
    {
        var result = await Command.RunAsync("--version");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal([typeof(Captioner).Assembly.GetName().Version!.ToString(3)], result.Lines);
    }

    public static TheoryData<string, string> Misuse() => new()
    {
        { "", "a command was expected: caption, merge, filter, score, evaluate, serve, worker, inspect, convert, export, pull, models, push, verify" },
        { "capton photo.jpg", "'capton' is not a command" },
        { "caption photo.jpg", "--model is missing" },
        { "caption --model m", "Required argument 'pictures' missing" },
        { "caption photo.jpg --model m --beam 4", "--beam is not an option of 'caption'" },
        { "caption photo.jpg --model=m -x", "-x is not an option of 'caption'" },
        { "inspect --bogus", "--bogus is not an option of 'inspect'" },
        { "convert --force a --bogus", "--bogus is not an option of 'convert'" },
        { "caption photo.jpg --model m --beams 4,5", "--beams is '4,5'; a whole number was expected" },
        { "caption photo.jpg --model m --top-p 0,9", "--top-p is '0,9'; a number such as 0.9 was expected" },
        { "caption photo.jpg --model m --batch 0", "--batch is 0; 1 to 1024 was expected" },
        { "caption photo.jpg --model m --threads 9999999999", "--threads is '9999999999'" },
        { "caption photo.jpg --model m --max-pixels 0", "--max-pixels is 0" },
        { "caption photo.jpg --model m --compat 5", "--compat is '5'; 4.17 or 4.31 was expected" },
        { "caption - - --model m", "- is given twice" },
        { "caption photos --model m --shard 0/2", "--shard and --retry-errors go with --out" },
        { "caption photos --model m --out o --shard 2/2", "--shard is '2/2'; i/n with i from 0 to n - 1" },
        { "caption images/shapes/shape0.png --model checkpoints/t-base --beams 2 --num-return 3", "num_return_sequences 3 is above num_beams 2" },
        { "convert a", "Required argument 'OUT' missing" },
        { "pull model", "'model' is no name of the hub; owner/name or owner/name@revision was expected." },
        { "models --remove ../x", "'../x' is no name of the hub" },
        { "push checkpoints/t-base model", "'model' is no name of the hub" },
        { "export --model a", "--onnx" },
        { "export --model a --onnx b --dtype int4", "--dtype names 'int4'; fp32, fp16 and q8 were expected" },
        { "export --model a --onnx b --cross-kv twice", "--cross-kv is 'twice'" },
        { "convert a b --dtype int9", "--dtype is 'int9'; fp32 or fp16 or bf16 or int8 or int4 was expected" },
        { "convert a b --dtype int8 --format bin", "--dtype int8 and int4 write one safetensors file" },
        { "convert a b --format zip", "--format is 'zip'" },
        { "convert a b --max-shard-size 5XB", "--max-shard-size is '5XB'" },
        { "convert a b --max-shard-size 0", "--max-shard-size is '0'" },
        { "inspect a b", "'b'" },
    };

    [Theory]
    [MemberData(nameof(Misuse))]
    public async Task Misuse_IsOneLineEachAndExitCode2(string arguments, string expected)
    {
        var result = await Command.RunAsync(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(2, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.All(result.ErrorLines, line => Assert.StartsWith("sightline: ", line, StringComparison.Ordinal));
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.InRange(result.ErrorLines.Length, 1, 3);
    }

    public static TheoryData<string[]> Empty() => new()
    {
        new[] { "caption", "", "--model", "m" }, new[] { "caption", "a.jpg", "--model", "" },
        new[] { "inspect", "" }, new[] { "convert", "a", "" }, new[] { "convert", "", "b" }, new[] { "export", "--model", "a", "--onnx", "" }, new[] { "verify", "" },
    };

    [Theory]
    [MemberData(nameof(Empty))]
    public async Task Argument_Empty_IsSaid(string[] arguments)
    {
        var result = await Command.RunAsync(arguments);
        Assert.Equal(2, result.ExitCode);
        Assert.Equal(["sightline: an argument is empty; is a variable of the shell not set?", $"sightline: 'sightline {arguments[0]} --help' explains the command."], result.ErrorLines);
    }

    [Fact]
    public async Task Arguments_AfterTwoDashes_AreNames()
    {
        var result = await Command.RunAsync("caption", "--length-penalty", "-1", "--model", Fixture.Path("checkpoints", "t-base"), "@list.jpg", "[debug].jpg", "--", "--beam.jpg", "-x.jpg");
        Assert.Equal(1, result.ExitCode);
        Assert.Equal(
            ["sightline: @list.jpg: no such file or folder.", "sightline: [debug].jpg: no such file or folder.", "sightline: --beam.jpg: no such file or folder.", "sightline: -x.jpg: no such file or folder."],
            result.ErrorLines);
    }

    [Fact]
    public async Task Error_Verbose_AddsTheStackTrace()
    {
        string[] arguments = ["inspect", Fixture.Path("checkpoints", "nothing")];
        var plain = await Command.RunAsync(arguments);
        var verbose = await Command.RunAsync([.. arguments, "--verbose"]);
        Assert.Equal((1, 1), (plain.ExitCode, verbose.ExitCode));
        Assert.Equal(plain.ErrorLines.Single(), verbose.ErrorLines[0]);
        Assert.Contains("   at Sightline.", verbose.Error, StringComparison.Ordinal);
    }
}
