namespace Executor.Security;

/// <summary>Where a sealed secret says what it is, for statements that look at it in the database. Counted from 1.</summary>
public static class EnvelopeLayout
{
    public const int VersionAt = 1;
    public const string VersionHex = "01";
    public const int KeyIdAt = 2;
    public const int KeyIdLength = KeyId.Size;
}
