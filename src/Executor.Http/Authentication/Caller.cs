using Executor.Identity;
using Microsoft.AspNetCore.Http;

namespace Executor.Http.Authentication;

/// <summary>The user that an endpoint acts for; only ever taken from the validated token.</summary>
internal readonly record struct Caller(UserId User)
{
    public static ValueTask<Caller> BindAsync(HttpContext context) => context.User.Identity is CallerIdentity caller
        ? ValueTask.FromResult(new Caller(caller.User))
        : throw new InvalidOperationException("An endpoint for callers was reached without one.");
}
