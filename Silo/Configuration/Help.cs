using System.Text;

namespace Executor.Silo.Configuration;

internal static class Help
{
    public static string Text()
    {
        var text = new StringBuilder("""
            Executor: runs workflow steps that call MCP servers on behalf of users.

            Usage: executor [options]
                   executor database adopt-copy [options]   makes a copy of a database one of its own: shreds its credentials,
                                                            cancels its unfinished runs

              --in-memory            keep nothing, for trials
              --config <path>        settings file (executor.json, where there is one)
              --replace-lost-key     give up what keys have sealed that this node does not have: those users have to reconnect
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
