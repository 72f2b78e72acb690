namespace Executor.Credentials.Refresh;

internal static partial class AnswerTable
{
    private const string AadSts = "learn.microsoft.com, Microsoft Entra authentication and authorization error codes";
    private const string Suberror = "learn.microsoft.com, MSAL: handle errors and exceptions (suberror)";

    private static IEnumerable<AnswerRow> Dialects() =>
    [
        Reconnect("bad_refresh_token", "GitHub; HubSpot", "docs.github.com, Refreshing user access tokens; HubSpot says it in «status» (github.com/airbytehq/airbyte#79592)"),
        Reconnect("bad_verification_code", "GitHub", "docs.github.com, Troubleshooting OAuth app access token request errors"),
        Operator("incorrect_client_credentials", "GitHub", "docs.github.com, Troubleshooting OAuth app access token request errors"),
        Operator("application_suspended", "GitHub", "docs.github.com, Troubleshooting authorization request errors"),

        Reconnect("invalid_refresh_token", "Slack", "docs.slack.dev, tooling.tokens.rotate and oauth.v2.access"),
        Reconnect("token_revoked", "Slack", "docs.slack.dev, errors of every Web API method"),
        Reconnect("token_expired", "Slack; Microsoft Entra", "docs.slack.dev, errors of every Web API method; " + Suberror),
        Reconnect("invalid_code", "Slack", "docs.slack.dev, oauth.v2.access"),
        Reconnect("account_inactive", "Slack", "docs.slack.dev, errors of every Web API method"),
        Reconnect("authorization_not_found", "Slack", "docs.slack.dev, oauth.v2.exchange"),
        Operator("bad_client_secret", "Slack", "docs.slack.dev, oauth.v2.access"),
        Operator("invalid_client_id", "Slack", "docs.slack.dev, oauth.v2.access"),
        Operator("invalid_grant_type", "Slack", "docs.slack.dev, oauth.v2.access", CredentialReason.UnauthorizedClient),
        Operator("token_rotation_not_enabled", "Slack", "docs.slack.dev, oauth.v2.exchange", CredentialReason.UnauthorizedClient),
        Passing("ratelimited", "Slack", "docs.slack.dev, Rate limits"),
        Passing("service_unavailable", "Slack", "docs.slack.dev, errors of every Web API method"),
        InDoubt("internal_error", "Slack", "docs.slack.dev, oauth.v2.exchange: some of the operation may have succeeded"),
        InDoubt("fatal_error", "Slack", "docs.slack.dev, oauth.v2.exchange: some of the operation may have succeeded"),

        Reconnect("invalid_rapt", "Google", "error_subtype (github.com/googleapis/google-auth-library-nodejs#1961)"),
        Reconnect("rapt_required", "Google", "error_subtype (github.com/googleapis/oauth2client#699)"),
        Operator("deleted_client", "Google", "github.com/xyou365/AutoRclone#98"),
        Operator("disabled_client", "Google", "developers.google.com, OAuth 2.0: authorization errors"),
        Operator("org_internal", "Google", "developers.google.com, OAuth 2.0: authorization errors", CredentialReason.UnauthorizedClient),
        Operator("admin_policy_enforced", "Google", "developers.google.com, OAuth 2.0: authorization errors", CredentialReason.UnauthorizedClient),

        Reconnect("inactive_user", "Salesforce", "help.salesforce.com, OAuth 2.0 refresh token flow: error codes"),
        Reconnect("inactive_org", "Salesforce", "help.salesforce.com, OAuth 2.0 refresh token flow: error codes"),
        Operator("invalid_client_credentials", "Salesforce", "help.salesforce.com, OAuth 2.0 refresh token flow: error codes"),
        Operator("invalid_app_access", "Salesforce", "help.salesforce.com, OAuth 2.0 refresh token flow: error codes", CredentialReason.UnauthorizedClient),
        Passing("rate_limit_exceeded", "Salesforce", "help.salesforce.com, OAuth 2.0 refresh token flow: error codes"),

        Reconnect("mfa_required", "Auth0", "auth0.com/docs, Authentication API: token endpoint errors"),
        Passing("too_many_attempts", "Auth0", "auth0.com/docs, Authentication API: error codes"),
        Reconnect("refresh_token_not_found", "FusionAuth", "fusionauth.io/docs, OAuth 2.0 error reasons (error_reason)"),
        Reconnect("keymanagement.service.InvalidRefreshToken", "Apigee", "docs.apigee.com, OAuthV2 runtime errors (fault.detail.errorcode)"),
        Reconnect("keymanagement.service.refresh_token_expired", "Apigee", "docs.apigee.com, OAuthV2 runtime errors (fault.detail.errorcode)"),
    ];

    /// <summary>Its error code says less than its number: several numbers, of different classes, come with <c>invalid_grant</c>.</summary>
    private static IEnumerable<AnswerRow> Entra() =>
    [
        Resource("AADSTS9010010", "Microsoft Entra", "github.com/modelcontextprotocol/csharp-sdk#1587; the resource does not match the scopes"),
        Resource("AADSTS901002", "Microsoft Entra", AadSts + "; the resource parameter is not supported"),
        Resource("AADSTS500011", "Microsoft Entra", AadSts + "; no such resource in the tenant"),
        Operator("AADSTS50012", "Microsoft Entra", AadSts + "; the client could not be authenticated"),
        Operator("AADSTS7000215", "Microsoft Entra", AadSts + "; invalid client secret"),
        Operator("AADSTS7000222", "Microsoft Entra", AadSts + "; expired client secret", CredentialReason.ClientSecretExpired),
        Operator("AADSTS7000218", "Microsoft Entra", AadSts + "; a secret or assertion is missing"),
        Operator("AADSTS700016", "Microsoft Entra", AadSts + "; no such application in the tenant", CredentialReason.UnauthorizedClient),
        Operator("AADSTS700027", "Microsoft Entra", AadSts + "; the client assertion's signature fails"),
        Operator("AADSTS700030", "Microsoft Entra", AadSts + "; invalid certificate"),
        Operator("AADSTS7000112", "Microsoft Entra", AadSts + "; the application is disabled", CredentialReason.UnauthorizedClient),
        Operator("AADSTS90009", "Microsoft Entra", AadSts + "; the application asks for a token for itself", CredentialReason.UnauthorizedClient),
        Operator("AADSTS50105", "Microsoft Entra", AadSts + "; the user is not assigned to the application", CredentialReason.UnauthorizedClient),
        Passing("AADSTS50053", "Microsoft Entra", AadSts + "; the account is locked, for a time"),
        Passing("AADSTS50196", "Microsoft Entra", AadSts + "; too many requests of one client"),
        Passing("AADSTS90024", "Microsoft Entra", AadSts + "; a time-out inside"),
        Passing("AADSTS90033", "Microsoft Entra", AadSts + "; a passing error inside"),
        Reconnect("AADSTS700082", "Microsoft Entra", AadSts + "; expired by inactivity"),
        Reconnect("AADSTS700084", "Microsoft Entra", AadSts + "; a single page application's token, after 24 h"),
        Reconnect("AADSTS70000", "Microsoft Entra", AadSts + "; invalid grant"),
        Reconnect("AADSTS70008", "Microsoft Entra", AadSts + "; expired or revoked"),
        Reconnect("AADSTS70043", "Microsoft Entra", AadSts + "; sign-in frequency"),
        Reconnect("AADSTS50034", "Microsoft Entra", AadSts + "; no such user"),
        Reconnect("AADSTS50055", "Microsoft Entra", AadSts + "; the password has expired"),
        Reconnect("AADSTS50057", "Microsoft Entra", AadSts + "; the account is disabled"),
        Reconnect("AADSTS50058", "Microsoft Entra", AadSts + "; not signed in"),
        Reconnect("AADSTS50076", "Microsoft Entra", AadSts + "; multi-factor authentication is required"),
        Reconnect("AADSTS50078", "Microsoft Entra", AadSts + "; multi-factor authentication has expired"),
        Reconnect("AADSTS50079", "Microsoft Entra", AadSts + "; the user has to enrol for multi-factor authentication"),
        Reconnect("AADSTS50133", "Microsoft Entra", AadSts + "; the session ended by a change of password"),
        Reconnect("AADSTS50173", "Microsoft Entra", AadSts + "; revoked"),
        Reconnect("AADSTS53000", "Microsoft Entra", AadSts + "; the device does not comply"),
        Reconnect("AADSTS53003", "Microsoft Entra", AadSts + "; blocked by conditional access"),
        Reconnect("AADSTS65001", "Microsoft Entra", AadSts + "; no consent"),
        Reconnect("AADSTS65004", "Microsoft Entra", AadSts + "; consent declined"),
        Reconnect("bad_token", "Microsoft Entra", Suberror),
        Reconnect("basic_action", "Microsoft Entra", Suberror),
        Reconnect("additional_action", "Microsoft Entra", Suberror),
        Reconnect("message_only", "Microsoft Entra", Suberror),
        Reconnect("user_password_expired", "Microsoft Entra", Suberror),
        Reconnect("protection_policy_required", "Microsoft Entra", Suberror),
    ];
}
