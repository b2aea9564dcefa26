//! A reader that goes away early (`| head -c1`) ends no tool noisily and changes no exit code.

use crate::bench::Bench;

const COMMANDS: [(&str, i32); 6] = [
    ("scan-gate report.json", 0),
    ("scan-gate vulnerable.json", 1),
    ("ecr-push web --repository web --tag 1.0.0 --dry-run", 0),
    ("ecs-deploy --cluster stage --service web --image web:1 --dry-run", 0),
    ("net-audit vpc.json", 0),
    ("tfstate-lock acquire s3://terraform-state/web.tfstate", 0),
];

#[test]
fn head_takes_one_byte_and_nobody_complains() {
    let bench = Bench::new();
    for (command, code) in COMMANDS {
        let script = format!("{command} 2> said.txt | head -c1; echo \" ${{PIPESTATUS[0]}}\"; cat said.txt >&2");
        let outcome = bench.sandbox.shell(&script).run().code(0).stdout_is(&format!("{{ {code}\n"));
        assert_is_calm(command, &outcome.stderr());
        let _ = bench.sandbox.shell("tfstate-lock release s3://terraform-state/web.tfstate --id none").run();
        bench.cloud.world().s3 = testkit::s3::S3::default();
        testkit::seed::plant(
            br#"[{"s3:CreateBucket":{"Bucket":"terraform-state"}}]"#,
            &mut bench.cloud.world(),
            "",
            bench.cloud.clock(),
        )
        .unwrap();
    }
}

#[test]
fn a_pipe_that_nobody_reads_is_no_error() {
    let bench = Bench::new();
    for (command, code) in COMMANDS {
        // Descriptor 4 writes into a pipe whose last reader is closed before the tool starts.
        let script = format!("rm -f pipe; mkfifo pipe; exec 3<>pipe 4>pipe 3<&-; {command} >&4");
        let outcome = bench.sandbox.shell(&script).run().code(code).stdout_is("");
        assert_is_calm(command, &outcome.stderr());
    }
}

fn assert_is_calm(command: &str, stderr: &str) {
    for noise in ["panicked", "Broken pipe", "broken pipe", "cannot be written"] {
        assert!(!stderr.contains(noise), "{command}: {stderr}");
    }
}
