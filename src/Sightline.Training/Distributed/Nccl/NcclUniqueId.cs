using System.Runtime.CompilerServices;

namespace Sightline.Training.Distributed.Nccl;

/// <summary><c>ncclUniqueId</c>: passed by value.</summary>
[InlineArray(Size)]
internal struct NcclUniqueId
{
    public const int Size = 128;

    private byte _first;
}
