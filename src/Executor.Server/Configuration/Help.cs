using System.Text;

namespace Executor.Server.Configuration;

internal static class Help
{
    public static string Text()
    {
        var text = new StringBuilder("""
            Executor: runs workflow steps that call MCP servers on behalf of users.

            Usage: executor [options]

              --in-memory            keep nothing, for trials
              --config <path>        settings file (executor.json, where there is one)
              --help, --version

            Settings, from the option, the environment or the settings file, in this order. Secrets are not taken from the command line.


            """);
        foreach (var setting in Settings.All)
        {
            var names = setting.IsSecret ? setting.Name : $"{setting.Name}, {setting.Option}";
            text.Append("  ").AppendLine(names).Append("      ").AppendLine(setting.Help);
        }

        return text.ToString();
    }
}
