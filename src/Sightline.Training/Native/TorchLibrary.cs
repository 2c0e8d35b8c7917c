using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Sightline.IO;

namespace Sightline.Training.Native;

/// <summary>
/// Loads libtorch before TorchSharp is first used. TorchSharp's own library asks for <c>GLIBCXX_3.4.32</c>, which Debian 12, Ubuntu 22.04 and RHEL 9 lack,
/// although it calls nothing of it. There a copy is used in which that requirement is marked weak; the copy lies in a cache folder, the package's file
/// is never changed, and on systems that do not need it nothing is copied.
/// </summary>
/// <remarks>The cache folder is <c>sightline/native</c> in the user's cache (<c>XDG_CACHE_HOME</c>, else <c>~/.cache</c>); where that cannot be written, the program's folder.</remarks>
public static partial class TorchLibrary
{
    private const string BridgeName = "libLibTorchSharp.so";
    private const int MaxVersions = 8;
    private const long MaxBridgeBytes = 256L << 20; // 2 MB in TorchSharp 0.107

    private static readonly Lock s_lock = new();
    private static bool s_loaded;

    /// <summary>The copy that was loaded in place of TorchSharp's library, or null where none was needed.</summary>
    public static string? PatchedCopy { get; private set; }

    /// <summary>
    /// Asks for matrix products that give the same bits on every x86 processor (<c>MKL_CBWR=COMPATIBLE</c>): without fused multiply-add and wide vectors, several
    /// times slower. For comparing runs of different machines; on one machine results repeat without it.
    /// </summary>
    /// <exception cref="InvalidOperationException">libtorch has been loaded already; it reads the setting once.</exception>
    public static void UsePortableArithmetic()
    {
        lock (s_lock)
        {
            if (s_loaded)
                throw new InvalidOperationException("libtorch has been loaded; portable arithmetic must be asked for before.");
            // .NET's own environment is not the one that native code reads.
            if (OperatingSystem.IsLinux() && SetEnvironment("MKL_CBWR", "COMPATIBLE", 1) != 0)
                throw new InvalidOperationException("the environment of the process cannot be changed.");
        }
    }

    /// <summary>Loads the libraries once; later calls do nothing. Types of this library call it themselves.</summary>
    /// <exception cref="SightlineException">libtorch is not there, or cannot be loaded on this system.</exception>
    public static void Load()
    {
        lock (s_lock)
        {
            if (s_loaded)
                return;
            if (OperatingSystem.IsLinux())
            {
                ShortenWaits();
                LoadOnLinux(FindFolder());
            }

            s_loaded = true;
        }
    }

    // OpenMP's threads spin for milliseconds between two parallel regions. Where other programs want the cores too, a training step then takes 8 to 15 times as
    // long (measured, 2 cores); a short spin costs nothing where they do not. libgomp reads this once, when it is loaded.
    private static void ShortenWaits()
    {
        if (Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is null && Environment.GetEnvironmentVariable("GOMP_SPINCOUNT") is null)
            _ = SetEnvironment("GOMP_SPINCOUNT", "1000", 1);
    }

    internal static void LoadOnLinux(string folder)
    {
        var bridge = Path.Combine(folder, BridgeName);
        var torchFolder = File.Exists(Path.Combine(folder, "libtorch.so")) ? folder : FindFolder("libtorch.so");
        foreach (var name in new[] { "libtorch_cpu.so", "libtorch.so" })
            LoadOrExplain(Path.Combine(torchFolder, name));
        try
        {
            NativeLibrary.Load(bridge);
        }
        catch (DllNotFoundException e) when (MissingVersion(e.Message) is not null)
        {
            PatchedCopy = LoadPatched(bridge, MissingVersion(e.Message)!, CacheFolders());
        }
        catch (DllNotFoundException e)
        {
            throw Explain(bridge, e);
        }
    }

    /// <summary>The version that the loader's message misses, e.g. <c>GLIBCXX_3.4.32</c>; null for another error.</summary>
    internal static string? MissingVersion(string message)
    {
        var match = VersionNotFound().Match(message);
        return match.Success ? match.Groups[1].Value : null;
    }

    /// <summary>Writes the patched bytes into the first folder that takes them, or finds them there.</summary>
    /// <returns>The path of the copy; its folder is named for the content, so that versions do not mix.</returns>
    internal static string Place(byte[] bytes, IEnumerable<string> folders)
    {
        var key = Convert.ToHexStringLower(SHA256.HashData(bytes))[..16];
        var failures = new List<string>();
        foreach (var folder in folders)
        {
            var path = Path.Combine(folder, key, BridgeName);
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                if (!File.Exists(path) || !File.ReadAllBytes(path).AsSpan().SequenceEqual(bytes))
                    AtomicFile.WriteAllBytes(path, bytes);
                return path;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                failures.Add($"{folder} ({e.Message})");
            }
        }

        throw new SightlineException(
            $"no folder takes the copy of {BridgeName} that this system needs: {string.Join("; ", failures)}. Set XDG_CACHE_HOME to a folder that can be written.");
    }

    private static string LoadPatched(string bridge, string version, IReadOnlyList<string> folders)
    {
        var bytes = BoundedFile.ReadAllBytes(bridge, MaxBridgeBytes);
        for (var i = 0; i < MaxVersions; i++)
        {
            ElfVersionNeeds.MarkWeak(bytes, version, bridge);
            var path = Place(bytes, folders);
            try
            {
                NativeLibrary.Load(path);
                return path;
            }
            catch (DllNotFoundException e)
            {
                var next = MissingVersion(e.Message);
                if (next is null || next == version)
                    throw Explain(path, e);
                version = next;
            }
        }

        throw new SightlineException($"{bridge}: more than {MaxVersions} symbol versions are missing on this system; a newer libstdc++ is needed.");
    }

    private static List<string> CacheFolders()
    {
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (string.IsNullOrEmpty(cache))
            cache = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return [Path.Combine(cache, "sightline", "native"), Path.Combine(AppContext.BaseDirectory, "native-cache")];
    }

    private static void LoadOrExplain(string path)
    {
        try
        {
            NativeLibrary.Load(path);
        }
        catch (DllNotFoundException e)
        {
            throw Explain(path, e);
        }
    }

    private static SightlineException Explain(string path, DllNotFoundException e) =>
        new($"{path}: cannot be loaded ({e.Message.ReplaceLineEndings(" ").Trim()})", e);

    private static string FindFolder(string name = BridgeName)
    {
        var searched = ((string?)AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Append(AppContext.BaseDirectory)
            .Append(Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native"))
            .Distinct()
            .ToList();
        return searched.Find(folder => File.Exists(Path.Combine(folder, name)))
            ?? throw new SightlineException($"{name} is not in {string.Join(", ", searched)}; add the package libtorch-cpu-linux-x64 (or a CUDA one) to the program.");
    }

    /// <summary>Sets a variable of the environment that native code reads, which is not .NET's copy of it.</summary>
    internal static void SetVariable(string name, string value)
    {
        Environment.SetEnvironmentVariable(name, value);
        if (!OperatingSystem.IsWindows())
            _ = SetEnvironment(name, value, 1);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetEnvironment(string name, string value, int overwrite);

    [GeneratedRegex("version `(GLIBCXX_[0-9.]+|CXXABI_[0-9.]+)' not found")]
    private static partial Regex VersionNotFound();
}
