//! `scan-gate`: see the library's documentation.

fn main() -> std::process::ExitCode {
    contract::main::<scan_gate::ScanGate>()
}
