//! The binary; everything it does is in the `cli` crate.

fn main() -> std::process::ExitCode {
    cli::main()
}
