namespace Executor.Credentials;

/// <summary>What a complete refusal is known by when it comes again: its status, its <c>error</c> and its numeric sub-codes, hashed.</summary>
public readonly record struct RefusalMark(string Value);
