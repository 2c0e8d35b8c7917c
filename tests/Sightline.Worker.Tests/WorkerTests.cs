using System.Diagnostics;
using System.Text.Json.Nodes;
using Sightline.Tests;
using Sightline.Worker.Queue;
using Xunit;

namespace Sightline.Worker.Tests;

public sealed class WorkerTests
{
    private static readonly string[] s_shapes = [.. Directory.GetFiles(Fixture.Path("images", "shapes"), "*.png").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    [Fact(Timeout = 150_000)]
    public async Task Run_OneOfThreeKilled_ServerRestarted_DuplicatesAndPoison_EveryResultOnce()
    {
        const int Pictures = 600;
        using var server = new NatsServer();
        var poison = new[] { """{"id":"poison-1","image":"../shapes/nothing.png/../../../expected.json"}""", """{"id":"poison-2","bytes":"%%%"}""", """{"id":"poison-3","image":"missing.png"}""" };
        var jobs = string.Join('\n', Enumerable.Range(0, Pictures).Select(i => $$"""{"id":"{{i}}","image":"{{s_shapes[i % s_shapes.Length]}}"}""").Concat(poison));
        await using (await QueueAsync(server)) { }
        var first = await FinishAsync(Start(server, "submit", "-"), TestContext.Current.CancellationToken, jobs);
        Assert.True(first.Code == 0, first.Error);
        Assert.Contains($"{Pictures + 3} jobs taken.", first.Error, StringComparison.Ordinal);
        var second = await FinishAsync(Start(server, "submit", "-"), TestContext.Current.CancellationToken, jobs);
        Assert.Contains($"0 jobs taken, {Pictures + 3} were there already", second.Error, StringComparison.Ordinal);

        var workers = Enumerable.Range(0, 3).Select(_ => StartWorker(server)).ToArray();
        var ends = workers.Select(worker => FinishAsync(worker, TestContext.Current.CancellationToken)).ToArray();
        await using (var queue = await QueueAsync(server))
        {
            while (await queue.CountJobsAsync(TestContext.Current.CancellationToken) > Pictures - 20)
                await Task.Delay(5, TestContext.Current.CancellationToken);
            workers[1].Kill();
            Assert.InRange(await queue.CountJobsAsync(TestContext.Current.CancellationToken), 1, Pictures);
        }

        server.Kill();
        server.Start();
        Assert.NotEqual(0, (await ends[1]).Code);
        foreach (var end in new[] { await ends[0], await ends[2] })
            Assert.True(end.Code == 0, end.Error);

        var collected = await FinishAsync(Start(server, "collect"), TestContext.Current.CancellationToken);
        Assert.True(collected.Code == 0, collected.Error);
        var lines = collected.Output.TrimEnd('\n').Split('\n').Select(line => JsonNode.Parse(line)!.AsObject()).ToDictionary(line => line["id"]!.GetValue<string>());
        Assert.Equal(Pictures + 3, lines.Count);
        var texts = Enumerable.Range(0, Pictures).Select(i => lines[$"{i}"]["text"]!.GetValue<string>()).ToArray();
        Assert.True(texts.Distinct().Count() > 3);
        Assert.All(texts.Index(), each => Assert.Equal(texts[each.Index % s_shapes.Length], each.Item));
        Assert.Contains("outside", lines["poison-1"]["error"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains("Base64", lines["poison-2"]["error"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains("missing.png", lines["poison-3"]["error"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(poison[1], lines["poison-2"]["job"]!.GetValue<string>());
    }

    [Fact(Timeout = 60_000)]
    public async Task Run_AskedToEnd_FinishesWhatIsInHand()
    {
        using var server = new NatsServer();
        await using var queue = await QueueAsync(server);
        for (var i = 0; i < 200; i++)
            Assert.True(await queue.SubmitAsync($"{i}", System.Text.Encoding.UTF8.GetBytes($$"""{"id":"{{i}}","image":"{{s_shapes[0]}}"}"""), TestContext.Current.CancellationToken));
        using var worker = StartWorker(server);
        var end = FinishAsync(worker, TestContext.Current.CancellationToken);
        while (await queue.CountJobsAsync(TestContext.Current.CancellationToken) == 200)
            await Task.Delay(5, TestContext.Current.CancellationToken);
        using (var kill = Process.Start("kill", [$"{worker.Id}"]))
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        var (code, _, error) = await end;
        Assert.True(code == 0, error);
        var left = await queue.CountJobsAsync(TestContext.Current.CancellationToken);
        Assert.Contains($"{200 - left} pictures captioned, 0 set aside", error, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Run_NoServer_IsOneLine()
    {
        var port = NatsServer.FreePort();
        var (code, _, error) = await FinishAsync(Start($"nats://127.0.0.1:{port}", "collect"), TestContext.Current.CancellationToken);
        Assert.Equal(1, code);
        Assert.StartsWith($"sightline: 127.0.0.1:{port}: no NATS server", Assert.Single(error.TrimEnd('\n').Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public void QueueOptions_OutOfRange_NamesEveryFaultAndNoPassword()
    {
        var options = new QueueOptions { Url = "http://me:secret@host", Name = "a.b", MaxDeliveries = 0, AckWait = TimeSpan.Zero, MaxAckPending = 0 };
        var message = Assert.Throws<ConfigurationException>(options.Validate).Message;
        Assert.All(["address", "a.b", "MaxDeliveries", "AckWait", "MaxAckPending"], word => Assert.Contains(word, message, StringComparison.Ordinal));
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    private static Task<CaptionQueue> QueueAsync(NatsServer server) => CaptionQueueWhenUpAsync(new QueueOptions { Url = server.Url });

    // A server that was just started needs a moment.
    private static async Task<CaptionQueue> CaptionQueueWhenUpAsync(QueueOptions options)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return await CaptionQueue.OpenAsync(options, TestContext.Current.CancellationToken);
            }
            catch (SightlineException) when (tries < 50)
            {
                await Task.Delay(100, TestContext.Current.CancellationToken);
            }
        }
    }

    private static Process StartWorker(NatsServer server) =>
        Start(server, "run", "--model", Fixture.Path("checkpoints", "t-base"), "--root", Fixture.Path("images", "shapes"), "--until-empty", "--ack-wait", "5", "--max-deliveries", "3", "--threads", "1");

    private static Process Start(NatsServer server, params string[] arguments) => Start(server.Url, arguments);

    private static Process Start(string url, params string[] arguments) => Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "sightline-worker.dll"), .. arguments, "--url", url])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private static async Task<(int Code, string Output, string Error)> FinishAsync(Process process, CancellationToken cancellationToken, string? input = null)
    {
        if (input is not null)
            await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken);
        process.StandardInput.Close();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(80));
        var (output, error) = (process.StandardOutput.ReadToEndAsync(CancellationToken.None), process.StandardError.ReadToEndAsync(CancellationToken.None));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            Assert.Fail($"{string.Join(' ', process.StartInfo.ArgumentList)} did not end. It said: {await error}");
        }

        return (process.ExitCode, await output, await error);
    }
}
