using Sightline.Training.Distributed;
using Sightline.Training.Distributed.Mpi;

namespace Sightline.Training.Tests.Distributed;

/// <summary>The standard ABI of MPI 5.0, against a library that knows its numbers: two ranks of which the other has the same values. No MPI with it was run.</summary>
public sealed class MpiStandardAbiTests
{
    // Handles are pointers: as the header of the standard ABI has them.
    private const string Source = StandIn.Log + """
        typedef struct MPI_ABI_Comm* MPI_Comm; typedef struct MPI_ABI_Datatype* MPI_Datatype; typedef struct MPI_ABI_Op* MPI_Op;
        typedef void user_function(void*, void*, int*, MPI_Datatype*);
        static user_function* operation;
        static int size_of(MPI_Datatype type) { return type == (MPI_Datatype)0x210 ? 4 : type == (MPI_Datatype)0x20c ? 2 : type == (MPI_Datatype)0x247 ? 1 : 0; }
        #define WORLD(comm) if (comm != (MPI_Comm)0x101) return 5
        int MPI_Abi_get_version(int* major, int* minor) { *major = 1; *minor = 0; return 0; }
        int MPI_Get_library_version(char* text, int* length) { *length = sprintf(text, "Stand-in for MPI 5\nsecond line"); return 0; }
        int MPI_Init_thread(int* argc, char*** argv, int required, int* provided) { note("init %d %d %d", argc == 0, argv == 0, required); *provided = 4096; return 0; }
        int MPI_Finalize(void) { note("finalize"); return 0; }
        int MPI_Comm_rank(MPI_Comm comm, int* rank) { WORLD(comm); *rank = 1; return 0; }
        int MPI_Comm_size(MPI_Comm comm, int* size) { WORLD(comm); *size = 2; return 0; }
        int MPI_Barrier(MPI_Comm comm) { WORLD(comm); note("barrier"); return 0; }
        int MPI_Abort(MPI_Comm comm, int code) { WORLD(comm); note("abort %d", code); return 0; }
        int MPI_Op_create(user_function* function, int commutes, MPI_Op* op) { operation = function; note("op %d", commutes); *op = (MPI_Op)0x7f00000000001234; return 0; }
        int MPI_Allreduce(const void* from, void* to, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm) {
            WORLD(comm);
            if (from != (void*)1) return 6;
            note("allreduce %d of %d", count, size_of(type));
            if (type == (MPI_Datatype)0x210 && op == (MPI_Op)0x21) { for (int i = 0; i < count; i++) ((float*)to)[i] *= 2; return 0; }
            if (type != (MPI_Datatype)0x20c || op != (MPI_Op)0x7f00000000001234) return 7;
            void* other = malloc(count * 2);
            memcpy(other, to, count * 2);
            operation(other, to, &count, &type);
            free(other);
            return 0;
        }
        int MPI_Bcast(void* data, int count, MPI_Datatype type, int root, MPI_Comm comm) {
            WORLD(comm);
            note("bcast %d of %d from %d", count, size_of(type), root);
            memset(data, 3, (size_t)count * size_of(type));
            return 0;
        }
        int MPI_Allgather(const void* from, int n, MPI_Datatype type, void* to, int m, MPI_Datatype into, MPI_Comm comm) {
            WORLD(comm);
            if (n != m || type != into || size_of(type) != 1) return 8;
            note("allgather %d", n);
            memcpy(to, from, n);
            memcpy((char*)to + n, from, n);
            return 0;
        }
        """;

    [Fact]
    public void EveryCall_StandIn_GetsTheNumbersOfTheStandard()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "stand-in libraries are compiled with gcc");
        using var standIn = new StandIn(Source);
        var library = MpiLibrary.Load(null, standIn.Location);
        Assert.Equal(("Stand-in for MPI 5", "MPI 5 ABI"), (library.Version, library.Abi.Family));
        using (var ranks = new MpiCollective(new RankEnvironment(1, 2, 0, "PMI"), TimeSpan.FromSeconds(60), library))
        {
            float[] floats = [1, -2.5f, 3];
            ushort[] words = [0x3f80, 0xbf80]; // 1, -1
            Sum(ranks, floats, words);
            Assert.Equal([2, -5, 6], floats);
            Assert.Equal([0x4000, 0xc000], words);
            var bytes = new byte[5];
            ranks.Broadcast(bytes);
            Assert.Equal([3, 3, 3, 3, 3], bytes);
            var all = new byte[4];
            ranks.AllGather([8, 9], all);
            Assert.Equal([8, 9, 8, 9], all);
            ranks.Barrier();
        }

        Assert.Equal(["init 1 1 1024", "op 1", "allreduce 3 of 4", "allreduce 2 of 2", "bcast 5 of 1 from 0", "allgather 2", "barrier", "finalize"], standIn.Calls);
    }

    [Fact]
    public void RanksOfAnotherLauncher_StandIn_AreRefused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "stand-in libraries are compiled with gcc");
        using var standIn = new StandIn(Source);
        var message = Assert.Throws<ConfigurationException>(() => new MpiCollective(new RankEnvironment(0, 4, 0, "Slurm"), TimeSpan.FromSeconds(60), MpiLibrary.Load(null, standIn.Location))).Message;
        Assert.Contains("Slurm calls this process rank 0 of 4, Stand-in for MPI 5 rank 1 of 2", message, StringComparison.Ordinal);
    }

    [Fact]
    public void LibraryOfAnotherKind_IsRefused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "stand-in libraries are compiled with gcc");
        using var nothing = new StandIn(StandIn.Log + "void unused(void) { note(\"\"); }");
        Assert.Contains("no function MPI_Get_library_version in it", Assert.Throws<ConfigurationException>(() => MpiLibrary.Load(null, nothing.Location)).Message, StringComparison.Ordinal);
        using var unknown = new StandIn(Source.Replace("MPI_Abi_get_version", "MPI_Abi_unknown", StringComparison.Ordinal));
        Assert.Contains("calls itself 'Stand-in for MPI 5'", Assert.Throws<ConfigurationException>(() => MpiLibrary.Load(null, unknown.Location)).Message, StringComparison.Ordinal);
    }

    private static unsafe void Sum(MpiCollective ranks, float[] floats, ushort[] words)
    {
        fixed (float* first = floats)
        fixed (ushort* second = words)
            Task.WaitAll(ranks.SumAsync(new CollectiveBuffer((nint)first, 3, CollectiveElement.Fp32)), ranks.SumAsync(new CollectiveBuffer((nint)second, 2, CollectiveElement.Bf16)));
    }
}
