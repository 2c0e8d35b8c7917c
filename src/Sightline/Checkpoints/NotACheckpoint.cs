namespace Sightline.Checkpoints;

/// <summary>Recognises what people have in place of a weight file, to say so in plain words.</summary>
internal static class NotACheckpoint
{
    /// <exception cref="CheckpointException">The file is empty, a Git LFS pointer or a web page.</exception>
    public static void Check(MappedFile file, string expected)
    {
        if (file.Length == 0)
            throw new CheckpointException($"{file.Path}: the file is empty; a {expected} file was expected.");
        var start = file.Span(0, (int)Math.Min(file.Length, 64));
        if (start.StartsWith("version https://git-lfs"u8))
            throw new CheckpointException($"{file.Path}: a Git LFS pointer, not the weights; run 'git lfs pull' in the model's repository or download the file itself.");
        if (start.StartsWith("<!DOCTYPE"u8) || start.StartsWith("<!doctype"u8) || start.StartsWith("<html"u8))
            throw new CheckpointException($"{file.Path}: a web page, not a {expected} file; download the file itself.");
    }
}
