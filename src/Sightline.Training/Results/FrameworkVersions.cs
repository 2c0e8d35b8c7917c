using System.Reflection;

namespace Sightline.Training.Results;

/// <summary>What a run was made with, for model cards.</summary>
public static class FrameworkVersions
{
    /// <summary>Names and versions.</summary>
    public static IReadOnlyList<(string Name, string Version)> List { get; } =
    [
        ("Sightline", VersionOf(typeof(FrameworkVersions).Assembly)),
        ("TorchSharp", VersionOf(typeof(TorchSharp.torch).Assembly)),
        ("libtorch", TorchSharp.torch.__version__),
        (".NET", Environment.Version.ToString()),
    ];

    private static string VersionOf(Assembly assembly)
    {
        var text = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? assembly.GetName().Version?.ToString() ?? "?";
        return text.Split('+')[0];
    }
}
