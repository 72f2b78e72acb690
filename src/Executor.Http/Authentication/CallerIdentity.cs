using System.Security.Claims;
using Executor.Identity;

namespace Executor.Http.Authentication;

/// <summary>Who calls. Immutable, and shared by all requests with the same token.</summary>
internal sealed class CallerIdentity(UserId user) : ClaimsIdentity(SessionTokenHandler.Scheme)
{
    public UserId User { get; } = user;
}
