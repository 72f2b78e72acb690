namespace Executor.Testing;

internal static class Repository
{
    /// <summary>The directory that holds the solution.</summary>
    public static string Root { get; } = Find(new DirectoryInfo(AppContext.BaseDirectory));

    private static string Find(DirectoryInfo directory) => File.Exists(Path.Combine(directory.FullName, "Executor.sln"))
        ? directory.FullName
        : Find(directory.Parent ?? throw new DirectoryNotFoundException("The tests run outside the repository."));
}
