namespace Sightline.Kernels;

/// <summary>How many cores there are: two hardware threads of one core share its arithmetic units, so a second one only gets in the way.</summary>
internal static class ProcessorTopology
{
    private const string LinuxFolder = "/sys/devices/system/cpu";

    /// <summary>Physical cores that this process may use; logical ones where the system does not tell.</summary>
    public static int PhysicalCores { get; } = Math.Clamp(CountCores(LinuxFolder), 1, Environment.ProcessorCount);

    /// <summary>Cores by the sibling lists that Linux gives; the number of logical processors elsewhere.</summary>
    internal static int CountCores(string folder)
    {
        try
        {
            var cores = new HashSet<string>();
            for (var i = 0; File.Exists($"{folder}/cpu{i}/topology/thread_siblings_list"); i++)
                cores.Add(File.ReadAllText($"{folder}/cpu{i}/topology/thread_siblings_list"));
            return cores.Count > 0 ? cores.Count : Environment.ProcessorCount;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Environment.ProcessorCount;
        }
    }
}
