using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Sightline.Server.Benchmarks;

/// <summary>A server as a process of its own.</summary>
internal sealed partial class ServerUnderLoad : IDisposable
{
    private readonly Process _process;

    private ServerUnderLoad(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    public long Memory
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    public bool IsAlive => !_process.HasExited;

    public static async Task<ServerUnderLoad> StartAsync(string folder, params string[] options)
    {
        var process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "sightline-server.dll"), "--model", folder, "--urls", "http://127.0.0.1:0", "--draft-tokens", "0", .. options]) { RedirectStandardError = true })!;
        var said = new List<string>();
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            said.Add(line);
            if (Listening().Match(line) is { Success: true } match)
            {
                _ = process.StandardError.BaseStream.CopyToAsync(Stream.Null); // drained, so that the pipe never fills
                var server = new ServerUnderLoad(process, new Uri(match.Groups[1].Value));
                using var client = new HttpClient { BaseAddress = server.Address };
                while (!(await client.GetAsync("/health/ready")).IsSuccessStatusCode)
                    await Task.Delay(100);
                return server;
            }
        }

        throw new InvalidOperationException($"The server ended before it listened; it said: {string.Join(Environment.NewLine, said)}");
    }

    public void Dispose()
    {
        _process.Kill();
        _process.Dispose();
    }

    [GeneratedRegex("listening on: (http://[0-9.:]+)")]
    private static partial Regex Listening();
}
