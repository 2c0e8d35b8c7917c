// libtorch keeps a pool of threads for each thread that calls it: tests side by side would fight for the cores.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
