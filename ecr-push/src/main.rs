//! `ecr-push`: see the library's documentation.

fn main() -> std::process::ExitCode {
    contract::main::<ecr_push::EcrPush>()
}
