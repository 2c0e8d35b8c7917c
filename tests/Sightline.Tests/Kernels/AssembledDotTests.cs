using Iced.Intel;
using Sightline.Kernels;
using Sightline.Kernels.Assembled;
using Xunit;
using Decoder = Iced.Intel.Decoder;

namespace Sightline.Tests.Kernels;

/// <summary>The assembled code read back by an independent disassembler, for both calling conventions; it is run by <see cref="PanelDotTests"/>.</summary>
public sealed class AssembledDotTests
{
    public static TheoryData<string, int, int, bool> Codes()
    {
        var data = new TheoryData<string, int, int, bool>();
        foreach (var kind in Enum.GetValues<DotKind>())
        {
            for (var rows = 1; rows <= PanelDot.TileRows; rows++)
            {
                foreach (var ahead in (int[])[64, 128])
                {
                    data.Add(kind.ToString(), rows, ahead, false);
                    data.Add(kind.ToString(), rows, ahead, true);
                }
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public void Assemble_EveryTile_IsTheLoopThatWasMeant(string kindName, int rows, int ahead, bool windows)
    {
        var kind = Enum.Parse<DotKind>(kindName);
        var code = AssembledDot.Assemble(kind, rows, ahead, windows);
        var instructions = Decode(code);
        Assert.Equal(code.Length, instructions.Sum(i => i.Length));
        Assert.All(instructions, i => Assert.False(i.IsInvalid, $"{i} at {i.IP}"));
        Assert.Equal(Code.Retnq, instructions[^1].Code);
        Assert.Equal(Code.VEX_Vzeroupper, instructions[^2].Code);

        var dot = kind == DotKind.Bf16 ? Code.EVEX_Vdpbf16ps_zmm_k1z_zmm_zmmm512b32 : Code.EVEX_Vpdpbusd_zmm_k1z_zmm_zmmm512b32;
        Assert.Equal((kind == DotKind.Int4 ? 4 : 2) * rows, instructions.Count(i => i.Code == dot));
        var jump = instructions.Single(i => i.Code == Code.Jne_rel32_64);
        var loop = instructions.FindIndex(i => i.IP == jump.NearBranchTarget);
        Assert.Equal(Code.EVEX_Vmovups_zmm_k1z_zmmm512, instructions[loop].Code);
        Assert.Equal(Register.RDX, instructions[loop].MemoryBase);

        // Every step asks for as much of what comes next as the caller counts on; whole steps are read a single time.
        var hint = ahead == PanelDot.StepBytes ? Code.Prefetchnta_m8 : Code.Prefetcht0_m8;
        var asked = instructions.Where(i => i.Code is Code.Prefetcht0_m8 or Code.Prefetchnta_m8).ToList();
        Assert.All(asked, i => Assert.Equal(hint, i.Code));
        Assert.Equal(Enumerable.Range(0, ahead / 64).Select(line => (Register.R11, (ulong)(64 * line))), asked.Select(i => (i.MemoryBase, i.MemoryDisplacement64)));
        Assert.Contains(instructions, i => i.Code == Code.Add_rm64_imm32 && i.Op0Register == Register.R11 && i.Immediate32to64 == ahead);

        // Each sum is stored where the caller looks for it.
        var stores = instructions.Where(i => i.Code == Code.EVEX_Vmovups_zmmm512_k1z_zmm && i.MemoryBase == Register.RDX).ToList();
        Assert.Equal(Enumerable.Range(0, 2 * rows).Select(sum => (Register.ZMM0 + sum, (ulong)(64 * sum))), stores.Select(i => (i.Op1Register, i.MemoryDisplacement64)));
        var argument = windows ? Register.RCX : Register.RDI;
        Assert.Equal([0, 8, 16, 24, 48, 32], instructions.Where(i => i.Code == Code.Mov_r64_rm64).Select(i => (long)i.MemoryDisplacement64));
        Assert.All(instructions.Where(i => i.Code == Code.Mov_r64_rm64), i => Assert.Equal(argument, i.MemoryBase));
        Assert.Equal(windows ? 10 : 0, instructions.Count(i => i.Code == Code.EVEX_Vmovups_zmmm512_k1z_zmm && i.MemoryBase == argument));

        // What belongs to the caller is put back, last in first out, and nothing else that belongs to it is written.
        var saved = instructions.Where(i => i.Code == Code.Push_r64).Select(i => i.Op0Register).ToList();
        Assert.Equal(rows > 6 ? [Register.RBX, Register.RSI] : [], saved);
        Assert.Equal(saved.AsEnumerable().Reverse(), instructions.Where(i => i.Code == Code.Pop_r64).Select(i => i.Op0Register));
        Register[] free = [Register.RAX, Register.RCX, Register.RDX, Register.R8, Register.R9, Register.R10, Register.R11, .. saved];
        Assert.All(instructions.Where(i => i.Op0Register.IsGPR64() && i.Code is Code.Mov_r64_rm64 or Code.Mov_rm64_r64 or Code.Add_rm64_r64 or Code.Add_rm64_imm32 or Code.Dec_rm64),
            i => Assert.Contains(i.Op0Register, free));
        Assert.Equal(windows ? 10 : 0, instructions.Count(i => i.Code == Code.EVEX_Vmovups_zmm_k1z_zmmm512 && i.MemoryBase == argument));
    }

    [Theory]
    [InlineData(3, 3, "zmm3", "[r9+r10*2+0x100]")]
    [InlineData(17, 7, "zmm17", "[r9+r10*2+0x41]")]
    [InlineData(31, 2, "zmm31", "[r9+r10*2-0x40]")]
    public void Load_Displacements_AreEncodedAsMeant(int zmm, int choice, string register, string memory)
    {
        var assembler = new Sightline.Kernels.Assembled.Assembler();
        assembler.Load(zmm, new(9, choice switch { 3 => 256, 7 => 65, _ => -64 }, 10, 2));
        var instruction = Assert.Single(Decode(assembler.ToArray()));
        var formatter = new NasmFormatter();
        formatter.Options.HexPrefix = "0x";
        formatter.Options.HexSuffix = "";
        formatter.Options.UppercaseHex = false;
        var output = new StringOutput();
        formatter.Format(instruction, output);
        Assert.Equal($"vmovups {register},{memory}", output.ToString());
    }

    private static List<Instruction> Decode(byte[] code)
    {
        var decoder = Decoder.Create(64, code);
        var instructions = new List<Instruction>();
        while (decoder.IP < (ulong)code.Length)
            instructions.Add(decoder.Decode());
        return instructions;
    }
}
