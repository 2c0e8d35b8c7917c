using System.Runtime.InteropServices;
using Sightline.Training.Distributed;
using Sightline.Training.Distributed.Nccl;

namespace Sightline.Training.Tests.Distributed;

/// <summary>
/// NCCL and the CUDA driver, against libraries whose GPU is the processor and whose other rank has the same values. They show that every argument arrives and that
/// streams and events are used in order; NCCL itself was not run.
/// </summary>
public sealed class NcclTests
{
    private const string Nccl = StandIn.Log + """
        typedef struct { char bytes[128]; } ncclUniqueId;
        static int alive;
        const char* ncclGetErrorString(int code) { return code == 5 ? "invalid usage" : "unknown"; }
        int ncclGetVersion(int* version) { *version = 22703; return 0; }
        int ncclGetUniqueId(ncclUniqueId* id) { for (int i = 0; i < 128; i++) id->bytes[i] = (char)(i * 3 + 1); note("id %s", getenv("NCCL_COMM_ID")); return 0; }
        int ncclCommInitRank(void** comm, int count, ncclUniqueId id, int rank) {
            for (int i = 0; i < 128; i++) if (id.bytes[i] != (char)(i * 3 + 1)) return 5;
            note("init %d of %d", rank, count);
            *comm = &alive;
            return 0;
        }
        #define COMM(comm) if (comm != &alive) return 5
        int ncclAllReduce(const void* from, void* to, size_t count, int type, int op, void* comm, void* stream) {
            COMM(comm);
            note("allreduce %zu type %d op %d in place %d stream %p", count, type, op, from == to, stream);
            if (type == 7) for (size_t i = 0; i < count; i++) ((float*)to)[i] *= 2;
            return type == 6 || type == 7 || type == 9 ? 0 : 5;
        }
        int ncclBroadcast(const void* from, void* to, size_t count, int type, int root, void* comm, void* stream) {
            COMM(comm);
            note("broadcast %zu type %d from %d stream %p", count, type, root, stream);
            memset(to, 3, count);
            return from == to ? 0 : 5;
        }
        int ncclAllGather(const void* from, void* to, size_t count, int type, void* comm, void* stream) {
            COMM(comm);
            note("allgather %zu type %d stream %p", count, type, stream);
            memcpy(to, from, count);
            memcpy((char*)to + count, from, count);
            return 0;
        }
        int ncclCommDestroy(void* comm) { COMM(comm); note("destroy"); return 0; }
        """;

    private const string Cuda = StandIn.Log + """
        static _Thread_local void* current;
        #define CONTEXT if (current != (void*)0xc0) return 201
        int cuInit(unsigned flags) { note("init %u", flags); return 0; }
        int cuDevicePrimaryCtxRetain(void** context, int device) { note("device %d", device); *context = (void*)0xc0; return 0; }
        int cuCtxSetCurrent(void* context) { current = context; return 0; }
        int cuStreamCreate(void** stream, unsigned flags) { CONTEXT; note("stream %u", flags); *stream = (void*)0x51; return 0; }
        int cuStreamSynchronize(void* stream) { CONTEXT; note("synchronize %p", stream); return 0; }
        int cuEventCreate(void** event, unsigned flags) { CONTEXT; note("event %u", flags); *event = (void*)0xe0; return 0; }
        int cuEventRecord(void* event, void* stream) { CONTEXT; note("record %p on %d", event, stream != 0); return 0; }
        int cuStreamWaitEvent(void* stream, void* event, unsigned flags) { CONTEXT; note("%p waits for %p %u", stream, event, flags); return 0; }
        int cuEventDestroy_v2(void* event) { return event == (void*)0xe0 ? 0 : 400; }
        int cuMemAlloc_v2(void** address, size_t bytes) { CONTEXT; *address = malloc(bytes); note("allocate %zu", bytes); return 0; }
        int cuMemFree_v2(void* address) { free(address); note("free"); return 0; }
        int cuMemcpyHtoD_v2(void* to, const void* from, size_t bytes) { CONTEXT; memcpy(to, from, bytes); return 0; }
        int cuMemcpyDtoH_v2(void* to, const void* from, size_t bytes) { CONTEXT; memcpy(to, from, bytes); return 0; }
        """;

    private static readonly RankEnvironment s_second = new(1, 2, 1, "torchrun", "node1", 29500);

    [Fact]
    public void EveryCall_StandIns_GetItsArgumentsInOrder()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "stand-in libraries are compiled with gcc");
        using var nccl = new StandIn(Nccl);
        using var cuda = new StandIn(Cuda);
        using (var ranks = new NcclCollective(s_second, 3, TimeSpan.FromSeconds(60), NcclLibrary.Load(nccl.Location), new CudaDriver(3, cuda.Location)))
        {
            Assert.Equal(("NCCL 2.27.3", 1, 2, 1), (ranks.Description, ranks.Rank, ranks.WorldSize, ranks.LocalRank));
            float[] floats = [1, -2.5f, 3];
            SumAll(ranks, floats);
            Assert.Equal([2, -5, 6], floats);
            BroadcastTwo(ranks, floats);
            Assert.Equal([0x03030303, 0x03030303, BitConverter.SingleToInt32Bits(6)], MemoryMarshal.Cast<float, int>(floats).ToArray());
            var bytes = new byte[5];
            ranks.Broadcast(bytes);
            Assert.Equal([3, 3, 3, 3, 3], bytes);
            var all = new byte[4];
            ranks.AllGather([8, 9], all);
            Assert.Equal([8, 9, 8, 9], all);
            ranks.Barrier();
        }

        Assert.Equal(
            [
                "id node1:29500", "init 1 of 2",
                "allreduce 3 type 7 op 0 in place 1 stream 0x51", "allreduce 6 type 9 op 0 in place 1 stream 0x51", "allreduce 6 type 6 op 0 in place 1 stream 0x51",
                "broadcast 8 type 1 from 0 stream 0x51", "broadcast 5 type 1 from 0 stream 0x51", "allgather 2 type 1 stream 0x51", "allgather 1 type 1 stream 0x51", "destroy",
            ],
            nccl.Calls);
        string[] onStream = ["event 2", "record 0xe0 on 0", "0x51 waits for 0xe0 0", "synchronize 0x51"];
        Assert.Equal(
            [
                "init 0", "device 3", "stream 1", .. onStream, .. onStream, .. onStream, .. onStream,
                "allocate 5", "synchronize 0x51", "free", "allocate 6", "synchronize 0x51", "free", "allocate 3", "synchronize 0x51", "free",
            ],
            cuda.Calls);
    }

    [Fact]
    public void Failure_StandIn_HasNcclsWords()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "stand-in libraries are compiled with gcc");
        using var nccl = new StandIn(Nccl);
        var library = NcclLibrary.Load(nccl.Location);
        Assert.Equal("ncclCommInitRank failed: invalid usage (code 5). NCCL_DEBUG=INFO tells more.", Assert.Throws<TrainingException>(() => library.Join(2, default, 0)).Message);
        Assert.Contains("no function cuCtxSetCurrent in it", Assert.Throws<ConfigurationException>(() => new CudaDriver(0, nccl.Location)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Libraries_Missing_AreNamed()
    {
        Assert.Contains("NCCL was not found (looked for nothing.so); install libnccl2", Assert.Throws<ConfigurationException>(() => NcclLibrary.Load("nothing.so")).Message, StringComparison.Ordinal);
        Assert.Contains("nothing.so was not found; it comes with NVIDIA's driver", Assert.Throws<ConfigurationException>(() => new CudaDriver(0, "nothing.so")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MeetingPoint_ByLauncher_IsTheMastersPortOrTheNext()
    {
        Assert.Equal("node1:29500", NcclCollective.MeetingPoint(s_second, _ => null));
        Assert.Equal("node1:29501", NcclCollective.MeetingPoint(s_second, name => name == "TORCHELASTIC_USE_AGENT_STORE" ? "True" : null));
        Assert.Contains("MASTER_ADDR and MASTER_PORT are not set (Slurm)", Assert.Throws<ConfigurationException>(() => NcclCollective.MeetingPoint(new RankEnvironment(0, 2, 0, "Slurm"), _ => null)).Message, StringComparison.Ordinal);
    }

    private static unsafe void SumAll(NcclCollective ranks, float[] floats)
    {
        fixed (float* first = floats)
        {
            foreach (var (element, count) in new[] { (CollectiveElement.Fp32, 3), (CollectiveElement.Bf16, 6), (CollectiveElement.Fp16, 6) })
                ranks.SumAsync(new CollectiveBuffer((nint)first, count, element)).Wait();
        }
    }

    private static unsafe void BroadcastTwo(NcclCollective ranks, float[] floats)
    {
        fixed (float* first = floats)
            ranks.Broadcast(new CollectiveBuffer((nint)first, 2, CollectiveElement.Fp32));
    }
}
