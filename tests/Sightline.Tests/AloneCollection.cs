using Xunit;

namespace Sightline.Tests;

/// <summary>Tests that must not run beside others: those that measure the process.</summary>
[CollectionDefinition(nameof(AloneCollection), DisableParallelization = true)]
public sealed class AloneCollection;
