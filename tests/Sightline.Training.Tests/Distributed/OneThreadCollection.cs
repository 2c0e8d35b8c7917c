namespace Sightline.Training.Tests.Distributed;

/// <summary>Tests that leave libtorch with one thread for the whole process: they run alone and after all others, whose bits depend on the number of threads.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class OneThreadCollection
{
    public const string Name = "libtorch with one thread";
}
