using Microsoft.Playwright;
using Sightline.Tests;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Sightline.Server.Browser.Tests;

public sealed class PageTests
{
    private static readonly string s_picture = Fixture.Path("images", "shapes", "shape0.png");

    public static TheoryData<string> Looks() => ["light", "dark", "forced"];

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task States_HaveNoViolations(string look)
    {
        var options = new BrowserNewContextOptions
        {
            ColorScheme = look == "dark" ? ColorScheme.Dark : ColorScheme.Light,
            ForcedColors = look == "forced" ? ForcedColors.Active : ForcedColors.None,
            ReducedMotion = ReducedMotion.Reduce,
            ViewportSize = new ViewportSize { Width = 1100, Height = 900 },
        };
        await using var session = await BrowserSession.OpenAsync(options);
        var page = session.Page;
        await CheckAsync("empty");

        await page.ClickAsync("#settings summary");
        await CheckAsync("settings");
        await page.FillAsync("#beams", "4");
        await page.FillAsync("#count", "3");

        var gate = new TaskCompletionSource();
        await page.RouteAsync("**/api/captions*", async route =>
        {
            await gate.Task;
            await route.ContinueAsync();
        });
        await session.DescribeAsync(0);
        await session.StatusAsync("Describing.");
        await Expect(page.Locator("#stop")).ToBeVisibleAsync();
        await CheckAsync("working");
        gate.SetResult();

        await session.StatusAsync("AI description: ");
        await page.ClickAsync("#output summary");
        await CheckAsync("done");

        await page.SetInputFilesAsync("#files", new FilePayload { Name = "notes.txt", MimeType = "text/plain", Buffer = "no picture"u8.ToArray() });
        await page.ClickAsync("#go");
        await Expect(page.Locator("#error")).ToContainTextAsync("not a picture");
        await CheckAsync("error");

        await session.DescribeAsync(0, 1, 2, 3);
        await session.StatusAsync("4 pictures described.");
        await CheckAsync("batch");
        Assert.DoesNotContain(session.Messages, message => !message.Contains("400", StringComparison.Ordinal)); // the browser notes the refused picture

        async Task CheckAsync(string state)
        {
            await session.AssertAccessibleAsync($"{state}, {look}");
            await session.ScreenshotAsync($"{state}-{look}");
        }
    }

    [Fact]
    public async Task Keyboard_Alone_ReachesEverything()
    {
        await using var session = await BrowserSession.OpenAsync();
        var page = session.Page;
        await page.SetInputFilesAsync("#files", s_picture);
        Assert.Equal(["files", "summary", "go"], await TabAsync(3));
        await page.Keyboard.PressAsync("Shift+Tab");
        await page.Keyboard.PressAsync("Enter"); // opens the settings
        Assert.Equal(["beams", "length", "count", "go"], await TabAsync(4));
        Assert.Equal("3px", await page.EvalOnSelectorAsync<string>("#go", "element => getComputedStyle(element).outlineWidth"));
        await page.Keyboard.PressAsync("Enter");
        await session.StatusAsync("AI description: a yellow square");
        Assert.Equal("go", await FocusedAsync()); // the focus stays where the reader was
        var rest = await TabAsync(2);
        Assert.Equal("Copy", rest[0]);

        async Task<List<string>> TabAsync(int times)
        {
            var names = new List<string>();
            for (var i = 0; i < times; i++)
            {
                await page.Keyboard.PressAsync("Tab");
                names.Add(await FocusedAsync());
            }

            return names;
        }

        async Task<string> FocusedAsync() => await page.EvaluateAsync<string>("document.activeElement.id || (document.activeElement.tagName === 'SUMMARY' ? 'summary' : document.activeElement.textContent)");
    }

    [Fact]
    public async Task Announcements_AreShortAndPolite()
    {
        await using var session = await BrowserSession.OpenAsync();
        var page = session.Page;
        await page.EvaluateAsync("""
            () => {
              window.spoken = [];
              for (const id of ['status', 'error'])
                new MutationObserver(() => { const text = document.getElementById(id).textContent; if (text) window.spoken.push(`${id}: ${text}`); })
                  .observe(document.getElementById(id), { childList: true, characterData: true, subtree: true });
            }
            """);
        Assert.Equal("status", await page.GetAttributeAsync("#status", "role"));
        await session.DescribeAsync(0);
        await session.StatusAsync("AI description: a yellow square");
        await page.ClickAsync("#go"); // the same text again must be announced again
        for (var wait = 0; wait < 100 && (await SpokenAsync()).Count(text => text.Contains("a yellow square", StringComparison.Ordinal)) < 2; wait++)
            await Task.Delay(100); // the page's policy does not let the browser wait for a condition given as text
        Assert.Equal(2, (await SpokenAsync()).Count(text => text.Contains("a yellow square", StringComparison.Ordinal)));
        await page.SetInputFilesAsync("#files", Array.Empty<string>());
        await page.ClickAsync("#go");
        await Expect(page.Locator("#error")).ToHaveTextAsync("No picture is chosen.");
        var spoken = await SpokenAsync();
        Assert.Equal("error: No picture is chosen.", spoken[^1]);
        Assert.All(spoken, text => Assert.True(text.Length < 120, text));
        Assert.All(spoken.Where(text => text.Contains("yellow", StringComparison.Ordinal)), text => Assert.StartsWith("status: AI description: ", text, StringComparison.Ordinal));
        Assert.Equal("files", await page.EvaluateAsync<string>("document.activeElement.id"));

        Task<string[]> SpokenAsync() => page.EvaluateAsync<string[]>("window.spoken");
    }

    [Theory]
    [InlineData(320, 256)] // 1280 × 1024 at 400 %
    [InlineData(360, 740)]
    public async Task Zoom_NeedsNoSidewaysScrolling(int width, int height)
    {
        await using var session = await BrowserSession.OpenAsync(new() { ViewportSize = new ViewportSize { Width = width, Height = height } });
        await session.Page.ClickAsync("#settings summary");
        await session.DescribeAsync(0);
        await session.StatusAsync("AI description");
        Assert.Equal(width, await session.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        await session.ScreenshotAsync($"zoom-{width}");
        await session.DescribeAsync(0, 1);
        await session.StatusAsync("2 pictures described.");
        Assert.Equal(width, await session.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        await session.AssertAccessibleAsync($"{width} pixels");
    }

    [Fact]
    public async Task Pasted_And_Dropped_PicturesAreDescribed()
    {
        await using var session = await BrowserSession.OpenAsync();
        foreach (var way in new[] { "paste", "drop" })
        {
            await session.Page.EvaluateAsync("""
                ([way, base64]) => {
                  const data = new DataTransfer();
                  data.items.add(new File([Uint8Array.from(atob(base64), c => c.charCodeAt(0))], `${way}.png`, { type: 'image/png' }));
                  document.body.dispatchEvent(way === 'paste'
                    ? new ClipboardEvent('paste', { clipboardData: data, bubbles: true })
                    : new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
                }
                """, new[] { way, Convert.ToBase64String(File.ReadAllBytes(s_picture)) });
            await Expect(session.Page.Locator("#history-list")).ToContainTextAsync($"{way}.png");
        }

        await session.StatusAsync("a yellow square");
    }

    [Fact]
    public async Task Batch_Downloads_HoldTheTable()
    {
        await using var session = await BrowserSession.OpenAsync();
        var page = session.Page;
        await page.SetInputFilesAsync("#files",
        [
            new FilePayload { Name = "=cmd.png", MimeType = "image/png", Buffer = await File.ReadAllBytesAsync(s_picture) },
            new FilePayload { Name = "bad.png", MimeType = "image/png", Buffer = "no picture"u8.ToArray() },
        ]);
        await page.ClickAsync("#go");
        await session.StatusAsync("1 pictures described, 1 could not be.");
        await Expect(page.Locator("tbody tr").Nth(0)).ToContainTextAsync("a yellow square");
        await Expect(page.Locator("tbody tr").Nth(1)).ToContainTextAsync("not a picture");
        var csv = await SavedAsync("Download as CSV");
        Assert.Contains("\"'=cmd.png\",\"a yellow square\"", csv, StringComparison.Ordinal);
        var json = System.Text.Json.Nodes.JsonNode.Parse(await SavedAsync("Download as JSON"))!.AsArray();
        Assert.Equal(("=cmd.png", "a yellow square"), ((string?)json[0]!["image"], (string?)json[0]!["text"]));

        async Task<string> SavedAsync(string button)
        {
            var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = button }).ClickAsync());
            return await File.ReadAllTextAsync(await download.PathAsync());
        }
    }

    [Fact]
    public async Task Newest_Pictures_Win()
    {
        await using var session = await BrowserSession.OpenAsync();
        var gate = new TaskCompletionSource();
        var count = 0;
        await session.Page.RouteAsync("**/api/captions*", async route =>
        {
            if (Interlocked.Increment(ref count) == 1)
                await gate.Task;
            await route.ContinueAsync();
        });
        await session.DescribeAsync(1);
        await session.DescribeAsync(0);
        await session.StatusAsync("a yellow square");
        gate.SetResult();
        await Task.Delay(500);
        await session.StatusAsync("a yellow square");
        await Expect(session.Page.Locator("#history-list li")).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task WithoutJavaScript_TheFormWorks()
    {
        await using var session = await BrowserSession.OpenAsync(new() { JavaScriptEnabled = false });
        await session.DescribeAsync(0, 1);
        await Expect(session.Page.Locator("#output")).ToContainTextAsync("AI description: a yellow square");
        await Expect(session.Page.Locator("h3")).ToHaveTextAsync(["shape0.png", "shape1.png"]);
        await Expect(session.Page.Locator("#stop")).ToBeHiddenAsync();
        await session.ScreenshotAsync("without-javascript");
    }

    [Fact]
    public async Task Key_WhereNeeded_IsAskedFor()
    {
        const string Key = "a-key-that-is-long-enough";
        await using var session = await BrowserSession.OpenAsync(null, $"ApiKeys={Key}");
        await session.Page.FillAsync("#key", "wrong");
        await session.DescribeAsync(0);
        await Expect(session.Page.Locator("#error")).ToContainTextAsync("API key");
        await session.Page.FillAsync("#key", Key);
        await session.Page.ClickAsync("#go");
        await session.StatusAsync("a yellow square");
        await session.AssertAccessibleAsync("with a key");
    }
}
