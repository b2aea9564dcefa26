//! Real commands, signals and terminals.

use std::path::{Path, PathBuf};
use std::time::Duration;

use testkit::peer;
use testkit::sandbox::{Outcome, Run, Running, Sandbox};
use tfstate_lock::process::terraform_arguments::terraform_arguments;

use crate::{STATE, cloud, until};

const NOT_STOPPED: &str = "a command that holds the lock is not stopped";

/// A lease of which two seconds are for ending the command; of the default it is half a minute.
const SHORT: [&str; 2] = ["--lease", "10s"];

fn running_under(sandbox: &Sandbox, flags: &[&str], script: &str) -> Run {
    sandbox.tool("tfstate-lock").args(["run", STATE]).args(flags).args(["--", "bash", "-c", script])
}

/// The state of a process, `Z` if it has ended or is not there.
fn state(id: u32) -> char {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next()).unwrap_or('Z')
}

/// Waits for a run that would hang if something were wrong.
#[track_caller]
fn ended(running: Running) -> Outcome {
    until("the run ends", || state(running.id()) == 'Z');
    running.wait()
}

fn text(sandbox: &Sandbox, name: &str) -> String {
    std::fs::read_to_string(sandbox.path().join(name)).unwrap_or_default()
}

/// The ids that a script has written into a file, one a line, once they are so many.
#[track_caller]
fn ids(sandbox: &Sandbox, count: usize) -> Vec<u32> {
    until("the command has started", || text(sandbox, "ids").lines().count() >= count);
    text(sandbox, "ids").lines().map(|line| line.trim().parse().unwrap()).collect()
}

#[track_caller]
fn until_gone(ids: &[u32]) {
    until("all that came from the command has ended", || ids.iter().all(|id| state(*id) == 'Z'));
}

/// A signal by name, to a process by its id.
fn signal(name: &str, id: u32) {
    let sent = std::process::Command::new("kill").args(["-s", name, &id.to_string()]).status().unwrap();
    assert!(sent.success());
}

/// The parent of a process.
fn parent(id: u32) -> u32 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    stat.rsplit_once(") ").unwrap().1.split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn streams_and_code_are_the_commands_own() {
    let (_cloud, sandbox) = cloud();
    let run = |script: &str| running_under(&sandbox, &["--quiet"], script).pipe_in("in").run();
    let _ = run("cat; echo err >&2; exit 7").code(7).stdout_is("in").stderr_is("err\n");
    let _ = run("true").code(0).stdout_is("").stderr_is("");
    let _ = run("kill -KILL $$").code(137).stdout_is("");
    let _ = run("kill -TERM $$").code(143).stdout_is("");
}

#[test]
fn a_program_that_cannot_run_is_told_with_the_shells_codes() {
    let (_cloud, sandbox) = cloud();
    let text = sandbox.write("text", "text");
    let broken = sandbox.write("broken", "#!/no/such/interpreter\n");
    let _ = sandbox.program(Path::new("chmod")).args(["+x", "broken"]).run().code(0);
    let run = |program: &str| sandbox.tool("tfstate-lock").args(["run", STATE, "--", program]).run();
    let _ = run("no-such-program").code(127).says("/error/code", "command.not_found");
    let _ = run(text.to_str().unwrap()).code(126).says("/error/code", "command.not_executable");
    // That only the attempt shows.
    let _ = run(broken.to_str().unwrap()).code(127).stdout_is("").stderr_contains("there is no program");
}

#[test]
fn its_terraform_is_told_not_to_lock() {
    let (_cloud, sandbox) = cloud();
    let script = r#"echo "$TF_CLI_ARGS_apply|$TF_CLI_ARGS_state_mv|$TF_CLI_ARGS|$TF_CLI_ARGS_init""#;
    let run = running_under(&sandbox, &["--quiet"], script).env("TF_CLI_ARGS_apply", "p.plan");
    let _ = run.run().code(0).stdout_is("-lock=false p.plan|-lock=false||\n").stderr_is("");
    let run = running_under(&sandbox, &[], "echo \"$TF_CLI_ARGS_plan\" # terragrunt");
    let _ = run.run().code(0).stdout_is("\n").stderr_contains("the command is terragrunt");
}

#[test]
fn the_guard_heeds_no_setting_that_is_the_runs() {
    let (_cloud, sandbox) = cloud();
    let run = running_under(&sandbox, &["--quiet"], "echo $TFSTATE_LOCK_PARENT");
    let run = run.env("TFSTATE_LOCK_PARENT", "none").env("TFSTATE_LOCK_TIMEOUT", "1h");
    let _ = run.run().code(0).stdout_is("none\n").stderr_is("");
}

#[test]
fn each_signal_reaches_the_command_once() {
    let (_cloud, sandbox) = cloud();
    let script = r#"for name in HUP INT QUIT TERM USR1 USR2; do trap "echo $name >> log" $name; done
        echo $$ > ids; while [ ! -e end ]; do sleep 0.01; done; exit 5"#;
    let running = running_under(&sandbox, &[], script).start();
    let _ = ids(&sandbox, 1);
    let names = ["HUP", "INT", "QUIT", "TERM", "USR1", "USR2"];
    for name in names {
        running.signal(name);
        until("the signal arrives", || text(&sandbox, "log").contains(name));
    }
    sandbox.write("end", "");
    let _ = ended(running).code(5);
    assert_eq!(text(&sandbox, "log").lines().collect::<Vec<_>>(), names);
}

#[test]
fn a_signal_that_comes_while_the_command_is_started_is_not_lost() {
    for after in 0..25 {
        let (_cloud, sandbox) = cloud();
        let script = "trap 'exit 9' TERM; while :; do sleep 0.01; done";
        let running = running_under(&sandbox, &[], script).start();
        std::thread::sleep(Duration::from_micros(after * 700));
        running.signal("TERM");
        let code = ended(running).exit_code();
        // Ended before it heard any signal, before the command set its trap, or by the trap.
        assert!([None, Some(143), Some(9)].contains(&code), "{code:?} after {after}");
    }
}

#[test]
fn a_command_that_leads_a_group_of_its_own_is_reached() {
    let (_cloud, sandbox) = cloud();
    sandbox.write("inner", "trap 'echo TERM >> log; exit 3' TERM; echo $$ > ids; while :; do sleep 0.01; done");
    let run = sandbox.tool("tfstate-lock").args(["run", STATE, "--", "timeout", "60", "bash", "inner"]);
    let running = run.start();
    let _ = ids(&sandbox, 1);
    running.signal("TERM");
    let _ = ended(running);
    assert_eq!(text(&sandbox, "log"), "TERM\n");
}

/// Writes its id, ignores what can be ignored, and so does a child of it that has left group, session and parent.
const STUBBORN: &str = r#"trap '' HUP INT TERM
    (setsid bash -c 'trap "" HUP INT TERM; echo $$ >> ids; while :; do sleep 1; done' &)
    echo $$ >> ids; while :; do sleep 1; done"#;

fn stopping(sandbox: &Sandbox, flags: &[&str], script: &str) -> Run {
    running_under(sandbox, &[flags, &["--timeout", "600ms"]].concat(), script)
}

#[test]
fn a_command_is_stopped_gently_first() {
    let (_cloud, sandbox) = cloud();
    let gentle = "trap 'echo INT >> log; exit' INT; trap 'echo TERM >> log; exit' TERM; while :; do sleep 0.01; done";
    let _ = ended(stopping(&sandbox, &[], gentle).start()).code(4);
    assert_eq!(text(&sandbox, "log"), "INT\n");
    let deaf = "trap '' INT; trap 'echo TERM >> log; exit' TERM; while :; do sleep 0.01; done";
    let _ = ended(stopping(&sandbox, &SHORT, deaf).start()).code(4);
    assert_eq!(text(&sandbox, "log"), "INT\nTERM\n");
}

#[test]
fn what_does_not_end_is_killed_wherever_it_went() {
    let (_cloud, sandbox) = cloud();
    let running = stopping(&sandbox, &SHORT, STUBBORN).start();
    let ids = ids(&sandbox, 2);
    let outcome = ended(running).code(4);
    assert!(ids.iter().all(|id| state(*id) == 'Z'), "something was left");
    let _ = outcome.stderr_contains("warning: the command has not ended within 2 s: it is killed");
}

#[test]
fn the_command_does_not_outlive_us_if_we_are_killed() {
    let (_cloud, sandbox) = cloud();
    let script = "trap 'echo INT >> log; exit' INT; echo $$ > ids; while :; do sleep 0.01; done";
    let running = running_under(&sandbox, &[], script).start();
    let gentle = ids(&sandbox, 1);
    running.signal("KILL");
    until_gone(&gentle);
    assert_eq!(text(&sandbox, "log"), "INT\n");
    let message = "the process that holds the lock was killed: its command is stopped";
    let _ = running.wait().stderr_contains(message);

    let (_cloud, sandbox) = cloud();
    let running = running_under(&sandbox, &SHORT, STUBBORN).start();
    let mut all = ids(&sandbox, 2);
    // The second line may be the one that left: its parent is the guard already.
    all.push(all.iter().map(|id| parent(*id)).find(|id| *id != 1).unwrap());
    running.signal("KILL");
    until_gone(&all);
    let _ = running.wait();
}

#[test]
fn the_command_does_not_outlive_its_guard() {
    let (_cloud, sandbox) = cloud();
    let script = "trap 'echo TERM >> log; exit' TERM; echo $$ > ids; while :; do sleep 0.01; done";
    let running = running_under(&sandbox, &[], script).start();
    let gentle = ids(&sandbox, 1);
    signal("KILL", parent(gentle[0]));
    let outcome = ended(running).code(137).stderr_contains("the guard of the command was killed: stopping");
    assert!(state(gentle[0]) == 'Z', "{outcome:?}");
    assert_eq!(text(&sandbox, "log"), "TERM\n");

    let (_cloud, sandbox) = cloud();
    let running = running_under(&sandbox, &SHORT, STUBBORN).start();
    let all = ids(&sandbox, 2);
    let guard = all.iter().map(|id| parent(*id)).find(|id| parent(*id) == running.id()).unwrap();
    signal("KILL", guard);
    let _ = ended(running).code(137);
    assert!(all.iter().all(|id| state(*id) == 'Z'), "something was left");
}

#[test]
fn what_the_command_leaves_behind_is_stopped_and_told() {
    let (_cloud, sandbox) = cloud();
    let running = running_under(&sandbox, &[], "(setsid sleep 300 & echo $! > ids) ; exit 4").start();
    let left = ids(&sandbox, 1);
    let outcome = ended(running).code(4);
    assert_eq!(state(left[0]), 'Z');
    let _ = outcome.stderr_contains("warning: stopping what the command has left behind:").stderr_contains("(sleep)");
}

#[test]
fn what_ends_by_itself_is_waited_for() {
    let (_cloud, sandbox) = cloud();
    let script = "exec > >(sleep 0.3; cat > log); echo last words";
    let _ = ended(running_under(&sandbox, &["--quiet"], script).start()).code(0).stderr_is("");
    assert_eq!(text(&sandbox, "log"), "last words\n");
}

#[test]
fn a_command_that_is_stopped_goes_on() {
    let (_cloud, sandbox) = cloud();
    for script in ["kill -STOP $$; exit 3", "kill -TSTP $$; exit 3", "kill -STOP 0; exit 3", "kill -TSTP 0; exit 3"] {
        let _ = ended(running_under(&sandbox, &[], script).start()).code(3).stderr_contains(NOT_STOPPED);
    }
    let running = running_under(&sandbox, &[], "echo $$ > ids; while [ ! -e end ]; do sleep 0.01; done").start();
    let _ = ids(&sandbox, 1);
    running.signal("TSTP");
    sandbox.write("end", "");
    let _ = ended(running).code(0).stderr_contains(NOT_STOPPED);
}

/// Runs a shell script, or types into an interactive shell if there is none, at a terminal: each step waits for a text and types another.
fn at_a_terminal(sandbox: &Sandbox, script: Option<&str>, steps: &[(&str, &str)]) -> Outcome {
    let program: PathBuf = sandbox.write("terminal.py", include_str!("terminal.py"));
    let steps = serde_json::to_string(steps).unwrap();
    let run = sandbox.program(Path::new("python3")).args([program.as_os_str()]);
    ended(run.args([steps.as_str()]).args(script).start())
}

const ASK: &str = "tfstate-lock run s3://states/prod/app.tfstate -- bash -c";

#[test]
fn a_command_may_ask_at_the_terminal_and_whoever_comes_after_it_too() {
    let (_cloud, sandbox) = cloud();
    let script = format!("{ASK} 'echo ask; read one; echo got $one'; echo next; read two; echo then $two");
    let steps = [("ask", "yes\n"), ("got yes", ""), ("next", "no\n"), ("then no", "")];
    let _ = at_a_terminal(&sandbox, Some(&script), &steps).code(0);
}

#[test]
fn ctrl_c_reaches_the_command_once_before_and_after_it_has_the_terminal() {
    let (_cloud, sandbox) = cloud();
    let inner = r"count=0; trap 'count=$((count + 1)); echo INT >> log' INT
        echo ready; until [ $count = 1 ]; do sleep 0.01; done
        echo ask; until read one; do :; done; echo got $one; until [ $count = 2 ]; do sleep 0.01; done; exit 8";
    sandbox.write("inner", inner);
    let script = format!("trap : INT; {ASK} '. ./inner'; echo code $?");
    let steps = [("ready", "\u{3}"), ("ask", "yes\n"), ("got yes", "\u{3}"), ("code 8", "")];
    let _ = at_a_terminal(&sandbox, Some(&script), &steps).code(0);
    assert_eq!(text(&sandbox, "log"), "INT\nINT\n");
}

#[test]
fn ctrl_z_stops_nothing_before_and_after_the_command_has_the_terminal() {
    let (_cloud, sandbox) = cloud();
    let script = format!("{ASK} 'echo ready; read one; echo got $one; read two; echo then $two'");
    let steps =
        [("ready", "\u{1a}"), (NOT_STOPPED, "yes\n"), ("got yes", "\u{1a}"), (NOT_STOPPED, "no\n"), ("then no", "")];
    let _ = at_a_terminal(&sandbox, Some(&script), &steps).code(0);
}

#[test]
fn an_interactive_shell_keeps_its_jobs() {
    let (_cloud, sandbox) = cloud();
    // The ends of lines tell what is printed from what is typed, and `\151` does in the prompt.
    let ask = format!("{ASK} 'echo ask; read one; echo got $one'");
    let steps = [
        ("$ ", format!("{ask} | cat\n")),
        ("ask\r\n", "first\n".to_owned()),
        ("got first", format!("{ask} &\n")),
        ("bring it to the foreground", "fg\n".to_owned()),
        ("'\r\n", "second\n".to_owned()),
        ("got second", format!("{ASK} 'PS1=\"\\151nner> \" exec bash --norc -i'\n")),
        ("inner> ", "sh -c 'echo begun; exec sleep 100'\n".to_owned()),
        ("begun\r\n", "\u{3}".to_owned()),
        ("inner> ", "echo done; exit 3\n".to_owned()),
        ("done\r\n", String::new()),
        ("$ ", "echo code $?; exit 0\n".to_owned()),
        ("code 3", String::new()),
    ];
    let steps: Vec<(&str, &str)> = steps.iter().map(|(wait, send)| (*wait, send.as_str())).collect();
    let _ = at_a_terminal(&sandbox, None, &steps).code(0);
}

/// Whether the real Terraform, told `words` by the variable of a command, says that it does not know them.
fn refuses(sandbox: &Sandbox, terraform: &Path, command: &str, variable: &str, words: &str) -> bool {
    let run = sandbox.program(terraform).args(command.split(' ')).env(variable, words);
    let outcome = run.env("CHECKPOINT_DISABLE", "1").run();
    let told = outcome.stdout() + &outcome.stderr();
    told.contains(&format!("flag provided but not defined: {}", words.split('=').next().unwrap()))
}

#[test]
fn the_real_terraform_knows_every_variable_and_has_no_other_command_that_locks() {
    let Some(terraform) = peer::find("terraform") else {
        return;
    };
    let sandbox = Sandbox::new();
    let told = terraform_arguments(&[], |_| None);
    for (variable, words) in &told.variables {
        let command = variable.trim_start_matches("TF_CLI_ARGS_").replace("state_", "state ");
        let command = command.replace("workspace_", "workspace ").replace("env_", "env ").replace('_', "-");
        assert!(!refuses(&sandbox, &terraform, &command, variable, words.to_str().unwrap()), "{variable}");
        // Its `import` does not say which flag it does not know.
        assert!(command == "import" || refuses(&sandbox, &terraform, &command, variable, "-bogus"), "{variable}");
    }
    let help = |command: &str| {
        let words = command.split(' ').filter(|word| !word.is_empty()).chain(["-help"]);
        let outcome = sandbox.program(&terraform).args(words).env("CHECKPOINT_DISABLE", "1").run();
        outcome.stdout() + &outcome.stderr()
    };
    // The names stand at the beginnings of lines, behind two or four spaces.
    let names = |text: &str, spaces: &str| -> Vec<String> {
        let named = text.lines().filter_map(|line| line.strip_prefix(spaces)?.split_once("  "));
        named
            .map(|(name, _)| name.to_owned())
            .filter(|name| !name.is_empty() && !name.starts_with('-') && !name.contains(' '))
            .collect()
    };
    let mut commands = names(&help(""), "  ");
    for group in ["state", "workspace", "providers"] {
        commands.extend(names(&help(group), "    ").iter().map(|name| format!("{group} {name}")));
    }
    assert!(commands.len() > 30, "{commands:?}");
    for command in commands.iter().filter(|command| help(command).contains("-lock=false")) {
        let variable = format!("TF_CLI_ARGS_{}", command.replace([' ', '-'], "_"));
        assert!(command == "init" || told.variables.iter().any(|(name, _)| *name == variable), "{command} locks");
    }
}
