using Sightline.Kernels;
using Xunit;

namespace Sightline.Server.Tests;

public sealed class NumberFormatTests
{
    [Theory]
    [InlineData("auto", WeightFormat.Fp32)] // t-base is not converted
    [InlineData("fp32", WeightFormat.Fp32)]
    [InlineData("bf16", WeightFormat.Bf16)]
    [InlineData("int8", WeightFormat.Int8)]
    [InlineData("int4", WeightFormat.Int4)]
    public async Task Captions_AreThoseOfTheFormat(string name, WeightFormat format)
    {
        await using var server = await TestServer.StartAsync($"DType={name}");
        Assert.Equal(200, (int)(await server.Client.GetAsync("/health/ready")).StatusCode);
        var (status, body) = await server.Client.AskAsync("/api/captions?num_beams=1&max_new_tokens=6", Http.Raw(TestServer.Picture));
        Assert.Equal(200, status);
        var tokens = body["captions"]![0]!["tokens"]!.AsArray().Select(token => (float)token!["log_probability"]!).ToArray();
        Assert.Equal(LogProbabilities(format), tokens);
        if (format != WeightFormat.Fp32)
            Assert.NotEqual(LogProbabilities(WeightFormat.Fp32), tokens);
    }

    private static float[] LogProbabilities(WeightFormat format)
    {
        using var captioner = Captioner.Load(Sightline.Tests.Fixture.Path("checkpoints", "t-base"), new CaptionerOptions { DType = format });
        return [.. captioner.Describe(TestServer.Picture, new() { NumBeams = 1, MaxNewTokens = 6 }).Tokens.Select(token => token.LogProbability)];
    }
}
