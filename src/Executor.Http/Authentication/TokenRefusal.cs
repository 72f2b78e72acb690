namespace Executor.Http.Authentication;

/// <summary>Why a token is not accepted.</summary>
/// <param name="Reason">For the log.</param>
/// <param name="Description">
/// For the caller (RFC 6750 §3, <c>error_description</c>): coarse, and about the token's times and claims only once its signature holds.
/// </param>
internal sealed record TokenRefusal(string Reason, string Description)
{
    public static readonly TokenRefusal TooLong = new("it is empty or too long", "malformed");
    public static readonly TokenRefusal SentTwice = new("there is more than one Authorization header", "malformed");
    public static readonly TokenRefusal Malformed = new("it is not three parts of base64url with JSON objects in them", "malformed");
    public static readonly TokenRefusal WrongAlgorithm = new("its algorithm is not HS256, or an extension has to be understood", "signature");
    public static readonly TokenRefusal BadSignature = new("its signature is of another key", "signature");
    public static readonly TokenRefusal NoExpiry = new("its exp is missing or no time", "claims");
    public static readonly TokenRefusal UnreadableTime = new("its nbf or iat is no time", "claims");
    public static readonly TokenRefusal NoUser = new("its id names no user", "claims");
    public static readonly TokenRefusal Expired = new("it has expired", "expired");
    public static readonly TokenRefusal NotYetValid = new("its nbf or iat has not come yet", "not yet valid");
}
