//! `tfstate-lock`: see the library's documentation.

fn main() -> std::process::ExitCode {
    contract::main::<tfstate_lock::TfstateLock>()
}
