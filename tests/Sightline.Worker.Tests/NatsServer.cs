using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Sightline.Tests;
using Xunit;

namespace Sightline.Worker.Tests;

/// <summary>Debian's nats-server on a port of its own, with a store that outlives a restart; the test is skipped where it is not installed.</summary>
internal sealed class NatsServer : IDisposable
{
    private readonly TemporaryFolder _store = new();
    private readonly int _port = FreePort();
    private Process? _process;

    public NatsServer()
    {
        var program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Select(folder => Path.Combine(folder, "nats-server")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(program is null, "nats-server is not installed: apt-get install nats-server");
        Program = program!;
        Start();
    }

    public string Url => $"nats://127.0.0.1:{_port}";

    private string Program { get; }

    /// <summary>Starts it and waits until it takes connections.</summary>
    public void Start()
    {
        _process = Process.Start(new ProcessStartInfo(Program, ["--addr", "127.0.0.1", "--port", $"{_port}", "--jetstream", "--store_dir", _store.Root, "--log", _store["log"]]));
        for (var tries = 0; tries < 200 && !_process!.HasExited; tries++)
        {
            try
            {
                using var client = new TcpClient("127.0.0.1", _port);
                return;
            }
            catch (SocketException)
            {
                Thread.Sleep(50);
            }
        }

        Assert.Fail($"nats-server does not answer on port {_port}.");
    }

    public void Kill()
    {
        _process!.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    public void Dispose()
    {
        if (_process is not null)
            Kill();
        _store.Dispose();
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
