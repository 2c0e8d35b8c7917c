using System.Runtime.CompilerServices;
using Sightline.Training.Native;

namespace Sightline.Training.Tests;

internal static class TorchSetup
{
    [ModuleInitializer]
    internal static void Load()
    {
        TorchLibrary.UsePortableArithmetic(); // goldens come from another processor
        TorchLibrary.Load();
        TorchSharp.torch.set_num_threads(2);
    }
}
