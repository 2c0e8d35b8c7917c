using Sightline.Training.Distributed;

namespace Sightline.Training.Tests.Distributed;

/// <summary>Ranks on threads of the test, for machines without an MPI.</summary>
internal static class ThreadRanks
{
    /// <summary>Runs every rank; the first error ends the others and is thrown.</summary>
    public static T[] Run<T>(int worldSize, Func<ICollective, T> rank)
    {
        var ranks = ThreadCollective.Create(worldSize);
        var results = new T[worldSize];
        Exception? first = null;
        var threads = ranks.Select(collective => new Thread(() =>
        {
            try
            {
                results[collective.Rank] = rank(collective);
            }
            catch (Exception e)
            {
                if (Interlocked.CompareExchange(ref first, e, null) is null)
                    collective.Abort(1);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        return first is null ? results : throw new InvalidOperationException($"a rank failed: {first.Message}", first);
    }
}
