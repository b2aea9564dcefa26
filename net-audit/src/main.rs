//! `net-audit`: see the library's documentation.

fn main() -> std::process::ExitCode {
    contract::main::<net_audit::NetAudit>()
}
