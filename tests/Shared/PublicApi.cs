using System.Reflection;
using PublicApiGenerator;

namespace Sightline.Tests;

/// <summary>Compares a library's public surface with the approved text beside the test.</summary>
internal static class PublicApi
{
    /// <summary>Fails with the first line that differs. To approve a change on purpose, run the test with SIGHTLINE_APPROVE_API=1 and commit the file.</summary>
    public static void AssertApproved(Assembly assembly, string approvedFile)
    {
        var actual = assembly.GeneratePublicApi(new ApiGeneratorOptions { IncludeAssemblyAttributes = false }).ReplaceLineEndings("\n") + "\n";
        if (Environment.GetEnvironmentVariable("SIGHTLINE_APPROVE_API") == "1")
            File.WriteAllText(approvedFile, actual);
        var approved = File.Exists(approvedFile) ? File.ReadAllText(approvedFile).ReplaceLineEndings("\n") : "";
        var (wanted, given) = (approved.Split('\n'), actual.Split('\n'));
        var line = wanted.Zip(given).TakeWhile(pair => pair.First == pair.Second).Count();
        Xunit.Assert.True(approved == actual, $"{approvedFile}, line {line + 1}: approved '{wanted.ElementAtOrDefault(line)}', now '{given.ElementAtOrDefault(line)}'. If that is meant, run with SIGHTLINE_APPROVE_API=1 and commit the file.");
    }

    /// <summary>The folder of the calling test's source file.</summary>
    public static string Beside(string name, [System.Runtime.CompilerServices.CallerFilePath] string source = "") => Path.Combine(Path.GetDirectoryName(source)!, name);
}
