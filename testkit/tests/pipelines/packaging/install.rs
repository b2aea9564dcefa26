//! `make install` and `make uninstall`, and what programs that nobody here wrote say about the pages.

use std::fs;
use std::path::{Path, PathBuf};

use testkit::peer;
use testkit::sandbox::Sandbox;

use crate::bench::root;

use super::{TOOLS, VERSION, built, files, folder, installed, make, make_under, stand_ins};

/// The tools, installed below `/usr` of a sandbox.
fn share(sandbox: &Sandbox) -> PathBuf {
    let to = folder(sandbox, "DESTDIR", "root");
    let _ =
        make(sandbox, &stand_ins(sandbox), &["install", &to, "PREFIX=/usr"]).run().code(0).stdout_is("").stderr_is("");
    sandbox.path().join("root/usr/share")
}

#[test]
fn tools_pages_and_completions_are_installed_below_any_folder_for_everybody_to_read() {
    let sandbox = Sandbox::new();
    let to = folder(&sandbox, "DESTDIR", "it's a \"root\"");
    // A strict umask, as root has on some machines.
    let run = make_under("077", &sandbox, &built(), &["install", &to, "PREFIX=/opt/our tools; exit"]);
    let _ = run.run().code(0).stdout_is("").stderr_is("");
    let prefix = sandbox.path().join("it's a \"root\"/opt/our tools; exit");
    assert_eq!(files(&sandbox.path().join("it's a \"root\"")).len(), installed().len());
    assert_eq!(files(&prefix), installed());
    for tool in TOOLS {
        let run = sandbox.program(&prefix.join("bin").join(tool)).args(["--version"]).run();
        let _ = run.code(0).stdout_is(&format!("{tool} {VERSION}\n")).stderr_is("");
        let page = fs::read_to_string(prefix.join(format!("share/man/man1/{tool}.1"))).unwrap();
        assert_eq!(page, sandbox.tool(tool).args(["--generate", "man"]).run().code(0).stdout());
    }
}

#[test]
fn what_is_uninstalled_leaves_only_what_others_put_there() {
    let sandbox = Sandbox::new();
    let to = folder(&sandbox, "DESTDIR", "the root");
    let tools = stand_ins(&sandbox);
    let _ = make(&sandbox, &tools, &["install", &to]).run().code(0);
    assert_eq!(files(&sandbox.path().join("the root/usr/local")), installed());
    sandbox.write("the root/usr/local/bin/local-aws", "of somebody else");
    for _ in ["installed", "not there any more"] {
        let _ = make(&sandbox, &tools, &["uninstall", &to]).run().code(0).stdout_is("").stderr_is("");
        let left: Vec<_> = files(&sandbox.path().join("the root")).into_iter().map(|(path, _)| path).collect();
        assert_eq!(left, ["usr/local/bin/local-aws"]);
    }
}

#[test]
fn a_tool_that_cannot_print_its_page_ends_the_installation() {
    let sandbox = Sandbox::new();
    let tools = stand_ins(&sandbox);
    sandbox.write("stand-ins/net-audit", "#!/bin/sh\nexit 3\n");
    let to = folder(&sandbox, "DESTDIR", "root");
    let _ = make(&sandbox, &tools, &["install", &to]).run().code(2).stdout_is("").stderr_contains("Error 3");
    let page = sandbox.path().join("root/usr/local/share/man/man1/net-audit.1");
    assert!(!page.exists(), "an empty page is no page");
}

#[test]
fn only_what_is_missing_or_older_than_its_sources_is_built() {
    let sandbox = Sandbox::new();
    let tools = TOOLS.join(" ");
    let run = make(&sandbox, Path::new("target/debug"), &["install", "--dry-run"]).run();
    let _ = run.code(0).stdout_is(&format!(".ci/install target/debug {tools}\n")).stderr_is("");
    let script = r#"make --no-print-directory --directory "$0" install --dry-run PROFILE=dev TARGET=nowhere"#;
    let told = sandbox.shell(script).args([root()]).run().code(0).stderr_is("").stdout();
    assert!(told.starts_with("cargo build --workspace --bins --profile dev --target nowhere\n"), "{told}");
    assert!(told.ends_with(&format!(".ci/install target/nowhere/debug {tools}\n")), "{told}");
}

#[test]
fn mandoc_reads_every_manual_page() {
    let Some(mandoc) = peer::find("mandoc") else { return };
    let sandbox = Sandbox::new();
    let pages = share(&sandbox).join("man/man1");
    // What clap_mangen writes, and mandoc puts right: no date, and breaks around paragraphs.
    let known = ["cannot parse date, using it verbatim: TH ", "skipping paragraph macro: br "];
    for tool in TOOLS {
        let page = pages.join(format!("{tool}.1"));
        let told = sandbox.program(&mandoc).args(["-T", "lint", "-W", "warning"]).args([&page]).run();
        let unknown: Vec<_> = told
            .stdout()
            .lines()
            .filter(|line| !known.iter().any(|known| line.contains(known)))
            .map(str::to_owned)
            .collect();
        assert!(unknown.is_empty(), "{unknown:#?}");
        let text =
            sandbox.program(&mandoc).args(["-T", "ascii", "-O", "width=100"]).args([page]).run().code(0).stdout();
        let text = plain(&text);
        for expected in [format!("\n       {tool} - "), "\n       --require ".to_owned(), format!("v{VERSION}")] {
            assert!(text.contains(&expected), "`{expected}` is not in\n{text}");
        }
    }
}

/// Text without what typewriters print twice to make it bold: a letter, a step back, the letter.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for letter in text.chars() {
        if letter == '\u{8}' {
            plain.pop();
        } else {
            plain.push(letter);
        }
    }
    plain
}

#[test]
fn bash_completes_flags_and_values() {
    let Some(bash) = peer::find("bash") else { return };
    let sandbox = Sandbox::new();
    let completions = share(&sandbox).join("bash-completion/completions");
    let script = r#"
        source "$1/$2"
        function=$(complete -p "$2" | sed 's/.* -F \([^ ]*\) .*/\1/')
        answer() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); "$function" "$1" "${@: -1}" "${@: -2:1}"; echo "${COMPREPLY[*]}"; }
        answer "$2" --requ
        answer "$2" --generate ma"#;
    for tool in TOOLS {
        let run = sandbox.program(&bash).args(["-euc", script, "bash"]).args([&completions]).args([tool]).run();
        let _ = run.code(0).stdout_is("--require\nman\n").stderr_is("");
    }
}

#[test]
fn zsh_knows_the_completions() {
    let Some(zsh) = peer::find("zsh") else { return };
    let sandbox = Sandbox::new();
    let functions = share(&sandbox).join("zsh/site-functions");
    let script = r"
        fpath=($1 $fpath)
        autoload -Uz compinit && compinit -u -d dump
        for tool in ${@:2}; do autoload +X -Uz ${_comps[$tool]} && print ${_comps[$tool]}; done";
    let run = sandbox.program(&zsh).args(["-feuc", script, "zsh"]).args([functions]).args(TOOLS).run();
    let _ = run.code(0).stdout_is(&TOOLS.map(|tool| format!("_{tool}\n")).concat()).stderr_is("");
}

#[test]
fn fish_completes_flags_and_values() {
    let Some(fish) = peer::find("fish") else { return };
    let sandbox = Sandbox::new();
    let share = share(&sandbox).display().to_string();
    for tool in TOOLS {
        // In front of a subcommand fish completes the names of flags only.
        let command = if tool == "tfstate-lock" { "tfstate-lock acquire" } else { tool };
        let script = format!("complete -C '{command} --requ'; complete -C '{command} --color alw'");
        let run = sandbox.program(&fish).args(["-c", &script]).env("XDG_DATA_DIRS", &share).run();
        let told = run.code(0).stderr_is("").stdout();
        let offered: Vec<_> = told.lines().map(|line| line.split('\t').next().unwrap_or_default()).collect();
        assert_eq!(offered, ["--require", "always"], "{tool}");
    }
}
