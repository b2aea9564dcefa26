//! `local-aws`: the local AWS as a program, and what a demonstration needs beside it.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser};
use serde_json::json;
use testkit::{Clock, Fault, LocalAws};

/// A local AWS on loopback for demonstrations and tests: ECS rollouts, CodeDeploy, ECR with its registry, S3, DynamoDB, CloudWatch alarms
/// and logs.
#[derive(Debug, Parser)]
#[command(version)]
enum Arguments {
    /// Serve until the process is ended.
    Serve(Serve),
    /// Build a small real image as an OCI layout.
    Image(Image),
    /// List the independent programs that the tests ask, and how to install those that are missing.
    Peers,
}

#[derive(Args, Debug)]
struct Serve {
    /// Port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// How many times faster than the wall clock AWS runs: one AWS minute lasts 60/SPEED seconds.
    #[arg(long, default_value_t = 60.0, value_parser = parse_speed)]
    speed: f64,

    /// Calls to make before the first client comes: a JSON array of {"service:Operation": {input}}.
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,

    /// What is to go wrong: OPERATION[#NTH][xTIMES]=KIND, for example s3:PutObject#2=lost-response.
    #[arg(long, value_name = "FAULT")]
    fault: Vec<Fault>,
}

#[derive(Args, Debug)]
struct Image {
    /// The folder to write the layout into.
    layout: PathBuf,

    /// The folder whose files the image serves.
    #[arg(long, value_name = "FOLDER")]
    from: PathBuf,

    /// The tag to note in the layout.
    #[arg(long, default_value = "latest")]
    tag: String,

    /// Labels of the image, KEY=VALUE.
    #[arg(long, value_name = "LABEL", value_parser = parse_label)]
    label: Vec<(String, String)>,
}

fn parse_speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| format!("`{text}` is not a number"))?;
    if speed > 0.0 && speed.is_finite() { Ok(speed) } else { Err("the speed must be greater than 0".to_owned()) }
}

fn parse_label(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| format!("`{text}` is not KEY=VALUE"))?;
    Ok((key.to_owned(), value.to_owned()))
}

fn main() -> ExitCode {
    let done = match Arguments::parse() {
        Arguments::Serve(arguments) => serve(&arguments),
        Arguments::Image(arguments) => image(arguments),
        Arguments::Peers => peers(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed standard error leaves nobody to tell.
            let _ = writeln!(io::stderr(), "local-aws: error: {error}");
            ExitCode::from(2)
        }
    }
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn serve(arguments: &Serve) -> Outcome {
    let cloud = LocalAws::start_at(arguments.port, Clock::running(arguments.speed))?;
    if let Some(path) = &arguments.seed {
        let seed = std::fs::read(path).map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?;
        testkit::seed::plant(&seed, &mut cloud.world(), cloud.endpoint(), cloud.clock())?;
    }
    arguments.fault.iter().for_each(|fault| cloud.arm(fault.clone()));
    say(&format!("{}\n", json!({ "endpoint": cloud.endpoint(), "registry": cloud.registry() })))?;
    cloud.wait();
    Ok(())
}

fn image(arguments: Image) -> Outcome {
    let labels: BTreeMap<String, String> = arguments.label.into_iter().collect();
    let source = testkit::image::ImageSource::of_folder(&arguments.from, labels)?;
    let layout = source.write_layout(&arguments.layout, &arguments.tag)?;
    say(&format!("{}\n", json!({ "digest": layout.digest, "config_digest": layout.config_digest })))
}

fn peers() -> Outcome {
    let missing: Vec<_> = testkit::peer::PEERS.iter().filter(|peer| !testkit::peer::is_installed(peer.name)).collect();
    if missing.is_empty() {
        return say("every independent program that the tests ask is installed\n");
    }
    say("not tested here, for want of an independent program:\n")?;
    missing
        .iter()
        .try_for_each(|peer| say(&format!("  {:16} {} (install: {})\n", peer.name, peer.proves, peer.install)))
}

fn say(text: &str) -> Outcome {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}
