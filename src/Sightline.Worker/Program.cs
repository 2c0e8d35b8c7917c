using System.CommandLine;
using Sightline.Cli;
using Sightline.Worker.Commands;

var root = new RootCommand("Captions the pictures of a NATS JetStream queue, with any number of workers on any number of machines.")
{
    RunCommand.Create(),
    SubmitCommand.Create(),
    CollectCommand.Create(),
};

return await CommandLine.RunAsync(root, args, "sightline-worker");
