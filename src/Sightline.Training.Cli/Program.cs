using System.CommandLine;
using Sightline.Training.Cli;
using Sightline.Training.Cli.Commands;

var root = new RootCommand("Trains image captioners. Every verb explains itself with --help.")
{
    DemoCommand.Create(),
    RunCommand.Create(),
    LaunchCommand.Create(),
    DataCommand.Create(),
    VerifyCommand.Create(),
};
return await CommandRunner.RunAsync(root, args);
