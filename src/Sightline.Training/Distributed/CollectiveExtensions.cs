using System.Runtime.InteropServices;
using System.Text;

namespace Sightline.Training.Distributed;

/// <summary>Values and texts over a <see cref="ICollective"/>.</summary>
internal static class CollectiveExtensions
{
    /// <summary>Every rank's value, in the order of the ranks.</summary>
    public static T[] Gather<T>(this ICollective collective, T mine) where T : unmanaged
    {
        var all = new T[collective.WorldSize];
        collective.AllGather(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in mine)), MemoryMarshal.AsBytes(all.AsSpan()));
        return all;
    }

    /// <summary>Every rank's text.</summary>
    public static string[] Gather(this ICollective collective, string mine)
    {
        var bytes = Encoding.UTF8.GetBytes(mine);
        var lengths = collective.Gather(bytes.Length);
        var width = lengths.Max();
        var all = new byte[width * collective.WorldSize];
        Array.Resize(ref bytes, width);
        if (width > 0)
            collective.AllGather(bytes, all);
        return [.. lengths.Select((length, rank) => Encoding.UTF8.GetString(all, rank * width, length))];
    }

    /// <summary>Rank 0's text.</summary>
    public static string Broadcast(this ICollective collective, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var length = bytes.Length;
        collective.Broadcast(MemoryMarshal.AsBytes(new Span<int>(ref length)));
        Array.Resize(ref bytes, length);
        if (length > 0)
            collective.Broadcast(bytes);
        return Encoding.UTF8.GetString(bytes);
    }
}
