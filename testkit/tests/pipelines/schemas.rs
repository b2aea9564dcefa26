//! What the tools write is what their schemas say, judged by a validator that nobody here wrote.

use std::path::Path;

use testkit::peer;

use crate::bench::{Bench, root};

#[test]
fn documents_of_success_and_failure_keep_the_committed_schemas() {
    let Some(validator) = peer::find("check-jsonschema") else { return };
    let bench = Bench::new();
    let runs = [
        ("scan-gate", "scan-gate report.json"),
        ("scan-gate", "scan-gate vulnerable.json"),
        ("scan-gate", "scan-gate garbage.json"),
        ("ecr-push", "ecr-push web --repository web --tag 1.0.0 --dry-run"),
        ("ecr-push", "ecr-push web --repository web --tag 1.0.0"),
        ("ecr-push", "ecr-push corrupt --repository web --tag 2.0.0"),
        ("ecs-deploy", "ecs-deploy --cluster stage --service web --image public.ecr.aws/nginx/nginx:1.28"),
        ("ecs-deploy", "ecs-deploy --cluster stage --service nobody --image web:1"),
        ("net-audit", "net-audit vpc.json"),
        ("net-audit", "net-audit garbage.json"),
        ("tfstate-lock", "tfstate-lock acquire s3://terraform-state/web.tfstate"),
        ("tfstate-lock", "tfstate-lock acquire s3://terraform-state/web.tfstate"),
        ("tfstate-lock", "tfstate-lock --no-such-flag"),
    ];
    for (tool, command) in runs {
        let document = bench.sandbox.shell(command).run().stdout();
        bench.sandbox.write("document.json", &document);
        assert_valid(&bench, &validator, tool, command, &document);
    }
}

fn assert_valid(bench: &Bench, validator: &Path, tool: &str, command: &str, document: &str) {
    let schema = root().join(format!("docs/schemas/{tool}.json"));
    let arguments = ["--schemafile".to_owned(), schema.display().to_string(), "document.json".to_owned()];
    let outcome = bench.sandbox.program(validator).args(arguments).run();
    assert_eq!(outcome.exit_code(), Some(0), "{command}: {document}\n{}{}", outcome.stdout(), outcome.stderr());
}
