using Sightline.Server.Benchmarks;

// dotnet run -c Release --project bench/Sightline.Server.Benchmarks -- load FOLDER PICTURE [clients] [seconds]
if (args is not ["load", var folder, var picture, ..])
{
    Console.Error.WriteLine("load FOLDER PICTURE [clients] [seconds]     start a server and caption with many clients at once, then beside hostile ones (default 32 and 60)");
    return 2;
}

var clients = args.Length > 3 ? int.Parse(args[3]) : 32;
var seconds = args.Length > 4 ? int.Parse(args[4]) : 60;
await LoadBenchmark.RunAsync(folder, picture, clients, TimeSpan.FromSeconds(seconds));
return 0;
