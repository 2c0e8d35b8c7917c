using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Sightline;
using Sightline.Extensions.AI;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers Sightline for dependency injection.</summary>
public static class SightlineServiceCollectionExtensions
{
    /// <summary>
    /// Adds a <see cref="Captioner"/> and an <see cref="IChatClient"/> over it, both single instances. The checkpoint is loaded when one of them is
    /// first asked for, and let go with the service provider. Services that are registered already are left alone.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="model">The checkpoint folder.</param>
    /// <param name="options">How it is loaded and run; null: the defaults.</param>
    /// <exception cref="ConfigurationException">The options cannot be used. (A folder that cannot be loaded is said when it is loaded.)</exception>
    public static IServiceCollection AddSightline(this IServiceCollection services, string model, CaptionerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(model);
        options?.Validate();
        services.TryAddSingleton(_ => Captioner.Load(model, options));
        services.TryAddSingleton<IChatClient>(provider => new SightlineChatClient(provider.GetRequiredService<Captioner>(), Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(model)))));
        return services;
    }
}
