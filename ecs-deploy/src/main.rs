//! `ecs-deploy`: see the library's documentation.

fn main() -> std::process::ExitCode {
    contract::main::<ecs_deploy::EcsDeploy>()
}
