using System.Runtime.InteropServices;

namespace Sightline.Training.Distributed.Mpi;

/// <summary>
/// The numbers behind MPI's names, which differ between implementations. Handles are pointers (Open MPI, the standard ABI of MPI 5) or ints (the MPICH family);
/// both travel as <see cref="nint"/>, since an int is passed in the low half of a register.
/// </summary>
/// <param name="Family">Names it in messages.</param>
/// <param name="World"><c>MPI_COMM_WORLD</c>.</param>
/// <param name="Byte"><c>MPI_BYTE</c>.</param>
/// <param name="Float"><c>MPI_FLOAT</c>.</param>
/// <param name="UnsignedShort"><c>MPI_UNSIGNED_SHORT</c>, which carries bf16.</param>
/// <param name="Sum"><c>MPI_SUM</c>.</param>
/// <param name="InPlace"><c>MPI_IN_PLACE</c>.</param>
/// <param name="ThreadFunneled"><c>MPI_THREAD_FUNNELED</c>.</param>
internal sealed record MpiAbi(string Family, nint World, nint Byte, nint Float, nint UnsignedShort, nint Sum, nint InPlace, int ThreadFunneled)
{
    /// <summary>MPICH's ABI initiative: MPICH, Intel MPI, MVAPICH, Cray, Microsoft MPI.</summary>
    public static MpiAbi Mpich { get; } = new("MPICH", 0x44000000, 0x4c00010d, 0x4c00040a, 0x4c000204, 0x58000003, -1, 1);

    /// <summary>The standard ABI of MPI 5.0, <c>libmpi_abi</c>.</summary>
    public static MpiAbi Standard { get; } = new("MPI 5 ABI", 0x101, 0x247, 0x210, 0x20c, 0x21, 1, 1024);

    /// <summary>Tells the ABI of a loaded library: Open MPI exports its handles as variables, the standard ABI has functions of its own, the rest are MPICH's.</summary>
    /// <exception cref="ConfigurationException">It is none of them.</exception>
    public static MpiAbi Detect(nint library, string version)
    {
        if (NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out var world))
        {
            return new MpiAbi(
                "Open MPI", world, Export("ompi_mpi_byte"), Export("ompi_mpi_float"), Export("ompi_mpi_unsigned_short"), Export("ompi_mpi_op_sum"), 1, 1);
        }

        if (NativeLibrary.TryGetExport(library, "MPI_Abi_get_version", out _))
            return Standard;
        return version.Contains("MPICH", StringComparison.Ordinal) || version.Contains("Intel", StringComparison.Ordinal)
            || version.Contains("MVAPICH", StringComparison.Ordinal) || version.Contains("CRAY", StringComparison.OrdinalIgnoreCase) || version.Contains("Microsoft", StringComparison.Ordinal)
            ? Mpich
            : throw new ConfigurationException($"the MPI library calls itself '{version}'; Open MPI, one of the MPICH family, or one with the standard ABI of MPI 5 was expected.");

        nint Export(string name) => NativeLibrary.GetExport(library, name);
    }
}
