using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Sightline.Server.Tests;
using Xunit;

namespace Sightline.Server.Browser.Tests;

/// <summary>Debian's chromium on the page of a real server.</summary>
internal sealed class BrowserSession : IAsyncDisposable
{
    private const string Chromium = "/usr/bin/chromium";
    private static readonly string[] s_flags =
    [
        "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
        .. Environment.UserName == "root" ? (string[])["--no-sandbox"] : [],
    ];

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;
    private readonly IBrowserContext _context;

    private BrowserSession(TestServer server, IPlaywright playwright, IBrowser browser, IBrowserContext context, IPage page) =>
        (Server, _playwright, _browser, _context, Page) = (server, playwright, browser, context, page);

    public TestServer Server { get; }

    public IPage Page { get; }

    /// <summary>Where screenshots go, for eyes: artifacts/screenshots.</summary>
    public static string Screenshots { get; } = Path.GetFullPath(Path.Combine(Sightline.Tests.Fixture.Root, "..", "..", "artifacts", "screenshots"));

    /// <summary>Opens the page, or skips the test where no browser is.</summary>
    public static async Task<BrowserSession> OpenAsync(BrowserNewContextOptions? options = null, params string[] settings)
    {
        Assert.SkipUnless(File.Exists(Chromium), $"{Chromium} is not there. On Debian: apt-get install chromium.");
        var server = await TestServer.StartAsync(settings);
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = s_flags });
        var context = await browser.NewContextAsync(options ?? new());
        var page = await context.NewPageAsync();
        var session = new BrowserSession(server, playwright, browser, context, page);
        page.Console += (_, message) => session.Messages.Add(message.Text);
        page.PageError += (_, error) => session.Messages.Add(error);
        await page.GotoAsync(server.Address.ToString());
        return session;
    }

    /// <summary>What the browser complained of; the content security policy, for instance.</summary>
    public List<string> Messages { get; } = [];

    /// <summary>Chooses shape pictures and asks for their descriptions.</summary>
    public async Task DescribeAsync(params int[] shapes)
    {
        await Page.SetInputFilesAsync("#files", shapes.Select(shape => Sightline.Tests.Fixture.Path("images", "shapes", $"shape{shape}.png")));
        await Page.ClickAsync("#go");
    }

    /// <summary>Waits for a spoken status.</summary>
    public Task StatusAsync(string text) => Assertions.Expect(Page.Locator("#status")).ToContainTextAsync(text, new() { Timeout = 30_000 });

    /// <summary>No violation of WCAG A, AA or good practice in the page's present state.</summary>
    public async Task AssertAccessibleAsync(string state)
    {
        var result = await Page.RunAxe();
        Assert.True(result.Violations.Length == 0, $"{state}: {string.Join("; ", result.Violations.Select(violation => $"{violation.Id} ({violation.Help}): {string.Join(", ", violation.Nodes.Select(node => node.Html))}"))}");
        Assert.NotEmpty(result.Passes);
    }

    public async Task ScreenshotAsync(string name)
    {
        Directory.CreateDirectory(Screenshots);
        await Page.ScreenshotAsync(new() { Path = Path.Combine(Screenshots, $"{name}.png"), FullPage = true });
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        await _browser.DisposeAsync();
        _playwright.Dispose();
        await Server.DisposeAsync();
    }
}
