//! CI runners feed the rest of the job's script through standard input. No tool may eat it.

use crate::bench::Bench;

#[test]
fn a_tool_in_a_script_that_comes_through_standard_input_leaves_the_rest_of_it() {
    let commands = [
        "scan-gate report.json",
        "ecr-push web --repository web --tag 1.0.0",
        "ecs-deploy --cluster stage --service web --image public.ecr.aws/nginx/nginx:1.28",
        "net-audit vpc.json",
        "tfstate-lock acquire s3://terraform-state/web.tfstate",
    ];
    let bench = Bench::new();
    for command in commands {
        let script = format!("{command} > out.json\necho the next line ran, the tool said $?\n");
        let run = bench.sandbox.program(std::path::Path::new("bash")).pipe_in(script);
        let _ = run.run().code(0).stdout_is("the next line ran, the tool said 0\n");
    }
}
