using System.Collections.Concurrent;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace Sightline.Server.Security;

/// <summary>Keeps the keys of the form's tokens in memory: they live as long as the server, and touch no disk.</summary>
internal sealed class MemoryKeyRepository : IXmlRepository
{
    private readonly ConcurrentQueue<XElement> _elements = new();

    /// <inheritdoc/>
    public IReadOnlyCollection<XElement> GetAllElements() => [.. _elements];

    /// <inheritdoc/>
    public void StoreElement(XElement element, string friendlyName) => _elements.Enqueue(new XElement(element));
}
