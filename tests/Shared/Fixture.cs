namespace Sightline.Tests;

/// <summary>Finds the golden files under tests/Fixtures and the optional folder of real photographs.</summary>
internal static class Fixture
{
    /// <summary>tests/Fixtures of this checkout.</summary>
    public static string Root { get; } = Find();

    /// <summary>A path below tests/Fixtures.</summary>
    public static string Path(params string[] parts) => System.IO.Path.Combine([Root, .. parts]);

    /// <summary>A path below the optional folder of photographs (../shared/data beside the checkout), or null where it is absent: skip then, saying so.</summary>
    public static string? Data(params string[] parts)
    {
        var data = System.IO.Path.GetFullPath(System.IO.Path.Combine(Root, "..", "..", "..", "shared", "data"));
        return Directory.Exists(data) ? System.IO.Path.Combine([data, .. parts]) : null;
    }

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = System.IO.Path.Combine(folder.FullName, "tests", "Fixtures");
            if (Directory.Exists(candidate))
                return candidate;
        }

        throw new DirectoryNotFoundException($"tests/Fixtures is not above {AppContext.BaseDirectory}.");
    }
}
