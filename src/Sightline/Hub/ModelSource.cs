namespace Sightline.Hub;

/// <summary>Finds the folder of a model that a user named: a folder of that name, or <c>owner/name[@revision]</c> in the cache, or on the hub.</summary>
public static class ModelSource
{
    /// <summary>The environment variable that names the model where the user names none.</summary>
    public const string Variable = "SIGHTLINE_MODEL";

    /// <summary>How to name a model, for messages: the two forms, and checkpoints expected to work.</summary>
    public const string HowTo = "name a folder with config.json, weights and tokenizer files, or a model of the hub as owner/name or owner/name@revision (expected to work, but not run here: nlpconnect/vit-gpt2-image-captioning, ydshieh/vit-gpt2-coco-en, gagan3012/ViTGPT2_vizwiz)";

    /// <summary>Gives a folder that holds the model. The network is used only for a name of the hub that is not in the cache.</summary>
    /// <param name="model">A folder, or <c>owner/name[@revision]</c>; a folder of that name wins. Null or empty: what <c>SIGHTLINE_MODEL</c> says.</param>
    /// <param name="parts">What is needed of the model, where it comes from the hub.</param>
    /// <param name="options">Hub, token, cache; null: what the environment says.</param>
    /// <param name="progress">Gets the news of a download.</param>
    /// <param name="cancellationToken">Stops a download; what has arrived stays for the next try.</param>
    /// <exception cref="ConfigurationException">No model is named, or the text is neither a folder nor a name of the hub.</exception>
    /// <exception cref="HubException">The model cannot be fetched.</exception>
    public static async Task<string> LocateAsync(string? model, ModelParts parts = ModelParts.All, HubOptions? options = null, IProgress<HubProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= HubOptions.FromEnvironment();
        return Find(model, out var name, parts, options) ?? await PullAsync(name!, parts, options, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits for <see cref="LocateAsync"/>.</summary>
    /// <inheritdoc cref="LocateAsync"/>
    public static string Locate(string? model, ModelParts parts = ModelParts.All, HubOptions? options = null, IProgress<HubProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => LocateAsync(model, parts, options, progress, cancellationToken), cancellationToken).GetAwaiter().GetResult();

    /// <summary>The part of <see cref="LocateAsync"/> that needs no network.</summary>
    /// <param name="model">A folder, or <c>owner/name[@revision]</c>; null or empty: what <c>SIGHTLINE_MODEL</c> says.</param>
    /// <param name="missing">The name of the hub that is to be pulled; null where a folder is returned.</param>
    /// <param name="parts">What is needed of the model.</param>
    /// <param name="options">Cache, and whether the network may be used; null: what the environment says.</param>
    /// <returns>The folder; null if the model has to be fetched, which the options allow.</returns>
    /// <exception cref="ConfigurationException">No model is named, or the text is neither a folder nor a name of the hub.</exception>
    /// <exception cref="HubException">The model would have to be fetched, and the options say offline.</exception>
    public static string? Find(string? model, out HubModelName? missing, ModelParts parts = ModelParts.All, HubOptions? options = null)
    {
        missing = null;
        if (string.IsNullOrEmpty(model))
            model = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(model))
            throw new ConfigurationException($"no model is named; {HowTo}. {Variable} names one for good.");
        if (Directory.Exists(model))
            return model;
        if (!HubModelName.TryParse(model, out var name))
            throw new ConfigurationException($"{model}: no such folder, and no name of the hub; {HowTo}.");
        options ??= HubOptions.FromEnvironment();
        var cache = new HubCache(options);
        if (cache.Find(name, parts) is { } folder)
            return folder;
        if (options.Offline)
            throw new HubException($"{name}: no such folder, not complete in the cache {cache.Folder}, and offline; run 'sightline pull {name}' with a network.");
        missing = name;
        return null;
    }

    /// <summary>Asks the hub what the name stands for today, and fetches what the cache lacks of it.</summary>
    /// <param name="name">The model.</param>
    /// <param name="parts">What is needed of it.</param>
    /// <param name="options">Hub, token, cache; null: what the environment says.</param>
    /// <param name="progress">Gets the news.</param>
    /// <param name="cancellationToken">Stops; what has arrived stays for the next try.</param>
    /// <returns>The folder.</returns>
    /// <exception cref="HubException">The model cannot be fetched.</exception>
    public static async Task<string> PullAsync(HubModelName name, ModelParts parts = ModelParts.All, HubOptions? options = null, IProgress<HubProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        options ??= HubOptions.FromEnvironment();
        options.Validate();
        if (options.Offline)
            throw new HubException($"{name}: cannot be fetched offline; leave out --offline, and unset HF_HUB_OFFLINE.");
        using var client = new HubClient(options);
        return await new ModelDownload(client, new HubCache(options), options, progress).RunAsync(name, parts, cancellationToken).ConfigureAwait(false);
    }
}
