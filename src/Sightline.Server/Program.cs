using Sightline.Server.Configuration;

return await ServerCommandLine.RunAsync(args);
