namespace Sightline.Server.Captioning;

/// <summary>A token that was chosen just now.</summary>
/// <param name="Sequence">Which of the picture's sequences it belongs to.</param>
/// <param name="Id">The token.</param>
internal readonly record struct StreamedToken(int Sequence, int Id);
