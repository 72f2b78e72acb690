namespace Executor.Security;

/// <summary>What came of opening an envelope: one of the nested types.</summary>
public abstract class OpenResult
{
    private OpenResult()
    {
    }

    public sealed class Opened : OpenResult
    {
        internal Opened(string plaintext) => Plaintext = plaintext;

        public string Plaintext { get; }

        public override string ToString() => nameof(Opened);
    }

    /// <summary>It does not open here. Why tells whether another node, with other keys, may.</summary>
    public sealed class Undecryptable : OpenResult
    {
        internal Undecryptable(UndecryptableReason reason, KeyId? key) => (Reason, Key) = (reason, key);

        public UndecryptableReason Reason { get; }

        /// <summary>The key that the envelope names, whether this node has it or not; none if it is no envelope at all.</summary>
        public KeyId? Key { get; }

        public override string ToString() => $"{nameof(Undecryptable)} ({Reason}, key {Key?.ToString() ?? "unreadable"})";
    }

    /// <summary>
    /// The node has no current key. Retired keys then open nothing either: whoever redeemed a refresh token so opened could not
    /// seal its successor, and would lose the grant.
    /// </summary>
    public sealed class KeyMissing : OpenResult
    {
        internal static readonly KeyMissing Instance = new();

        private KeyMissing()
        {
        }

        public override string ToString() => nameof(KeyMissing);
    }
}

public enum UndecryptableReason
{
    /// <summary>Sealed under a key that is not in the keyring.</summary>
    UnknownKey,

    /// <summary>Damaged, not an envelope, or sealed for another place or generation.</summary>
    Corrupt,
}
