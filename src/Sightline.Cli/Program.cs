using System.CommandLine;
using Sightline.Cli;
using Sightline.Cli.Commands;

var root = new RootCommand("Sightline describes pictures with a ViT-GPT2 model, scores captions, and looks after the model's files. No Python is needed.")
{
    CaptionCommand.Create(),
    MergeCommand.Create(),
    FilterCommand.Create(),
    ScoreCommand.Create(),
    EvaluateCommand.Create(),
    ServeCommand.Create(),
    WorkerCommand.Create(),
    InspectCommand.Create(),
    ConvertCommand.Create(),
    ExportCommand.Create(),
    PullCommand.Create(),
    ModelsCommand.Create(),
    PushCommand.Create(),
    VerifyCommand.Create(),
};

return await CommandLine.RunAsync(root, args);
