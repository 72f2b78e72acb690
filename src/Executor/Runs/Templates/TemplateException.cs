namespace Executor.Runs.Templates;

/// <summary>The arguments of a step cannot be rendered. The message is fit for the run's user and quotes only what that user wrote.</summary>
internal sealed class TemplateException(string message) : Exception(message);
