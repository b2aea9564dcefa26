//! `make archive`: the same bytes whenever and by whom it is made, with all that is promised in it.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use testkit::sandbox::Sandbox;

use super::{VERSION, folder, installed, make, make_under, stand_ins};
use crate::bench::root;

/// Path, mode, owner and time of each entry.
fn entries(archive: &Path) -> Vec<(String, u32, u64, u64)> {
    let mut bytes = Vec::new();
    GzDecoder::new(fs::File::open(archive).unwrap()).read_to_end(&mut bytes).unwrap();
    let mut archive = tar::Archive::new(&bytes[..]);
    let entries = archive.entries().unwrap().map(|entry| {
        let entry = entry.unwrap();
        let header = entry.header();
        let owner = header.uid().unwrap() + header.gid().unwrap();
        (entry.path().unwrap().display().to_string(), header.mode().unwrap(), owner, header.mtime().unwrap())
    });
    entries.collect()
}

#[test]
fn an_archive_holds_what_is_installed_and_what_is_read_and_its_checksum_lies_beside_it() {
    let sandbox = Sandbox::new();
    let to = folder(&sandbox, "DIST", "for others");
    let run = make(&sandbox, &stand_ins(&sandbox), &["archive", &to]).env("SOURCE_DATE_EPOCH", "1700000000").run();
    let written = run.code(0).stdout();
    let archive = Path::new(written.trim_end());
    let name = archive.file_name().unwrap().to_str().unwrap().trim_end_matches(".tar.gz");
    assert!(name.starts_with(&format!("deploy-aws-ecs-{VERSION}-{}-", std::env::consts::ARCH)), "{name}");
    let check = format!("cd 'for others' && sha256sum --check {name}.tar.gz.sha256");
    let _ = sandbox.shell(&check).run().code(0).stdout_is(&format!("{name}.tar.gz: OK\n")).stderr_is("");

    let entries = entries(archive);
    let paths: Vec<&Path> = entries.iter().map(|(path, ..)| Path::new(path)).collect();
    assert!(paths.is_sorted(), "{paths:#?}");
    assert!(entries.iter().all(|(_, _, owner, time)| (*owner, *time) == (0, 1_700_000_000)), "{entries:#?}");
    let modes: BTreeSet<(String, u32)> = entries
        .iter()
        .map(|(path, mode, ..)| (path.trim_start_matches(name).trim_start_matches('/').to_owned(), *mode))
        .collect();
    for (path, mode) in installed() {
        assert!(modes.contains(&(path.clone(), mode)), "{path} is not there, or not {mode:o}");
    }
    for path in
        ["README.md", "CHANGELOG.md", "docs/contract.md", "docs/schemas/ecr-push.json", "examples/demo/vpc.json"]
    {
        assert!(modes.contains(&(path.to_owned(), 0o644)), "{path}");
    }
    assert!(modes.contains(&("examples/demo/demo.sh".to_owned(), 0o755)));
    assert!(!modes.iter().any(|(path, _)| path.ends_with("local-aws")), "the local AWS is for those who build");
}

#[test]
fn two_archives_of_the_same_files_are_the_same_bytes() {
    let sandbox = Sandbox::new();
    let tools = stand_ins(&sandbox);
    let bytes = |to: &str, umask: &str| {
        let run = make_under(umask, &sandbox, &tools, &["archive", &folder(&sandbox, "DIST", to)]);
        fs::read(run.run().code(0).stdout().trim_end()).unwrap()
    };
    let first = bytes("one", "022");
    let _ = sandbox.shell("touch -d 2001-01-01 stand-ins/*").run().code(0);
    assert!(first == bytes("two", "077"), "the archives differ");
}

#[test]
fn what_is_not_committed_stays_out_with_a_word_about_it() {
    let sandbox = Sandbox::new();
    let tools = stand_ins(&sandbox);
    let script = r#"set -e
        mkdir copy
        cd copy
        cp -R "$0"/.ci "$0"/README.md "$0"/CHANGELOG.md "$0"/docs .
        SOURCE_DATE_EPOCH=1 .ci/archive "$1" ../bare x86_64 ecr-push > /dev/null
        git init --quiet
        git add --all
        git -c user.name=a -c user.email=a@example.com commit --quiet --message all
        export SOURCE_DATE_EPOCH=1
        .ci/archive "$1" ../clean x86_64 ecr-push > /dev/null
        cmp ../bare/*.tar.gz ../clean/*.tar.gz
        echo secret >> README.md
        echo secret > docs/draft.md
        git add docs/draft.md
        .ci/archive "$1" ../dirty x86_64 ecr-push > /dev/null
        cmp ../clean/*.tar.gz ../dirty/*.tar.gz"#;
    let run =
        sandbox.shell(script).args([root(), tools]).env("PATH", std::env::var_os("PATH").unwrap().to_str().unwrap());
    let _ = run.run().code(0).stderr_is(
        "archive: warning: git knows no commit here: the texts are taken as they are\n\
         archive: warning: there are changes that are not committed: the texts are those of the last commit\n",
    );
}
