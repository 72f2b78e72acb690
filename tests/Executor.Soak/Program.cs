using System.CommandLine;
using Executor.Soak;

var minutes = new Option<double>("--minutes") { Description = "How long events go on.", DefaultValueFactory = _ => 30 };
var nodes = new Option<int>("--nodes") { Description = "Nodes in service; one of them at a time is in trouble.", DefaultValueFactory = _ => 3 };
var users = new Option<int>("--users") { Description = "Users at work, each with one credential.", DefaultValueFactory = _ => 24 };
var seed = new Option<int>("--seed") { Description = "Replays the choice of events.", DefaultValueFactory = _ => Random.Shared.Next() };
var root = new RootCommand("Nodes under load and trouble, watched for anything lost, doubled or asked for without need.") { minutes, nodes, users, seed };
root.SetAction(async line =>
{
    var plan = new SoakPlan(TimeSpan.FromMinutes(line.GetValue(minutes)), line.GetValue(nodes), line.GetValue(users), line.GetValue(seed));
    return await SoakRun.RunAsync(plan, Console.Out);
});
return await root.Parse(args).InvokeAsync();
