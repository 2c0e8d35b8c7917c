using System.Diagnostics;

namespace Sightline.Training.Benchmarks.Ranks;

/// <summary>Two network namespaces of Linux, as two hosts, joined by a veth pair whose ends send no faster than a token bucket (tbf) lets them. Needs root, <c>ip</c> and <c>tc</c>.</summary>
internal sealed class ThrottledLink : IDisposable
{
    public const string Network = "10.77.0.0/24";

    private static readonly string[] s_hosts = ["sightline-a", "sightline-b"];

    private ThrottledLink()
    {
    }

    /// <summary>Makes them.</summary>
    /// <param name="megabits">Mbit/s in each direction.</param>
    /// <exception cref="InvalidOperationException">The system does not allow it; the message says what.</exception>
    public static ThrottledLink Create(int megabits)
    {
        var link = new ThrottledLink();
        try
        {
            foreach (var host in s_hosts)
            {
                Do("ip", "netns", "add", host);
                Do("ip", "-n", host, "link", "set", "lo", "up");
            }

            Do("ip", "link", "add", "sl0", "netns", s_hosts[0], "type", "veth", "peer", "name", "sl0", "netns", s_hosts[1]);
            for (var i = 0; i < s_hosts.Length; i++)
            {
                Do("ip", "-n", s_hosts[i], "addr", "add", $"{Address(i)}/24", "dev", "sl0");
                Do("ip", "-n", s_hosts[i], "link", "set", "sl0", "up");
                Do("ip", "netns", "exec", s_hosts[i], "tc", "qdisc", "add", "dev", "sl0", "root", "tbf", "rate", $"{megabits}mbit", "burst", "256kb", "latency", "100ms");
            }

            return link;
        }
        catch
        {
            link.Dispose();
            throw;
        }
    }

    public static string Address(int host) => $"10.77.0.{host + 1}";

    /// <summary>A shell command that runs another on a host, under the host's name.</summary>
    public static string On(int host, string command) => $"ip netns exec {s_hosts[host]} unshare --uts sh -c 'echo {s_hosts[host]} > /proc/sys/kernel/hostname; {command}'";

    public void Dispose()
    {
        foreach (var host in s_hosts)
        {
            using var process = Process.Start(new ProcessStartInfo("ip", ["netns", "del", host]) { RedirectStandardError = true })!;
            process.WaitForExit();
        }
    }

    private static void Do(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            var error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0)
                throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {error.ReplaceLineEndings(" ").Trim()}");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new InvalidOperationException($"{program} is not there; apt install iproute2 (Debian, Ubuntu).");
        }
    }
}
