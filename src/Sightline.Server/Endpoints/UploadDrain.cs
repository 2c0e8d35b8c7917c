using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Sightline.Server.Configuration;

namespace Sightline.Server.Endpoints;

/// <summary>
/// Lets a client that declares too large a body, and sends it all the same, get its answer. Kestrel closes at once, and a client that reads only after it
/// has sent everything sees a broken connection instead of the reason. So the answer goes out, and what still comes is thrown away. A client that is not
/// done after <see cref="s_patience"/> or <see cref="MaxBytes"/> is cut off.
/// </summary>
internal sealed class UploadDrain(IOptions<ServerOptions> options) : IMiddleware
{
    private const long MaxBytes = 64L << 20;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        var request = context.Request;
        // A client that asks before it sends (Expect: 100-continue) has nothing under way; HTTP/2 ends one request without the others.
        if (!(request.ContentLength > options.Value.MaxBodyBytes) || request.Headers.Expect.Count > 0 || !HttpProtocol.IsHttp11(request.Protocol)
            || context.Features.Get<IHttpMaxRequestBodySizeFeature>() is not { IsReadOnly: false } limit)
        {
            return;
        }

        limit.MaxRequestBodySize = null; // Kestrel refuses to read on otherwise; MaxBytes bounds it
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        patience.CancelAfter(s_patience);
        try
        {
            await context.Response.CompleteAsync();
            if (await DrainAsync(context.Request.BodyReader, patience.Token))
                return; // the connection can go on
        }
        catch (Exception e) when (e is OperationCanceledException or IOException) // time is up, or the client has left
        {
        }

        context.Abort(); // Kestrel would read on
    }

    private static async Task<bool> DrainAsync(PipeReader body, CancellationToken cancellationToken)
    {
        for (var drained = 0L; drained <= MaxBytes;)
        {
            var read = await body.ReadAsync(cancellationToken);
            drained += read.Buffer.Length;
            body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                return true;
        }

        return false;
    }
}
