//! Serves the sandbox.
//!
//! | path | what is there |
//! |---|---|
//! | `/mcp`, `/mcp/v1` | MCP over Streamable HTTP, both eras |
//! | `/.well-known/mcp/server-card.json` | the catalogue, for anyone |
//! | `/healthz` | `ok` |
//! | `/portal?email=…` | the owner's pages: keys, sends that wait, upgrade links |
//! | `/portal/api/organisations?email=…` | the organisations of a user |
//! | `/portal/api/approvals?organisationId=…` | send approvals; `POST …/approvals/{id}` `{"decision": "approve"}` or `"deny"` |
//! | `/portal/api/keys?organisationId=…` | keys, masked; `POST` `{"organisationId", "email", "label"}` makes one |
//! | `POST /portal/api/keys/revoke` | `{"id"}` or `{"apiKey"}` |
//! | `POST /portal/api/upgrade/{token}` | pays an upgrade link |
//! | `POST /portal/api/whatsapp/{token}` | opens a WhatsApp link |
//! | `/portal/api/log` | every `tools/call` received, and whether it ran |
//! | `PUT /sandbox/faults` | replaces the fault rules, in the format of `--faults` |
//!
//! Portal and sandbox paths answer on this machine only.

mod cli;
mod serve;

use clap::Parser;
use serde_json::json;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use toolgate_sandbox::faults::Faults;
use toolgate_sandbox::mail::{LettreMailer, Mailer};
use toolgate_sandbox::random::Random;
use toolgate_sandbox::{Backend, Settings, catalog::Dialect};

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&format!("no runtime: {error}")),
    };
    let code = match runtime.block_on(run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => refuse(&problem),
    };
    // A read of stdin cannot be cancelled; nobody waits for it.
    runtime.shutdown_background();
    code
}

fn refuse(problem: &str) -> ExitCode {
    eprintln!("toolgate-sandbox: {problem}");
    ExitCode::from(2)
}

async fn run(cli: cli::Cli) -> Result<(), String> {
    if !cli.addr.ip().is_loopback() && !cli.allow_non_loopback {
        return Err(format!(
            "{} is not a loopback address, so other machines could reach it. Say --allow-non-loopback if that is meant",
            cli.addr
        ));
    }
    let faults = match &cli.faults {
        None => Faults::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
            Faults::parse(&text)?
        }
    };
    let outbox = cli::Outbox::prepare(&cli)?;
    let mailer: Box<dyn Mailer> = match (&cli.smtp, outbox.directory()) {
        (Some(server), _) => {
            let (host, port) = cli::host_and_port(server)?;
            Box::new(LettreMailer::smtp(host, port))
        }
        (None, Some(directory)) => Box::new(LettreMailer::outbox(directory)),
        (None, None) => return Err("there is neither an outbox nor an SMTP server".into()),
    };
    let random = match cli.seed {
        Some(seed) => Random::from_number(seed),
        None => {
            let mut seed = [0; 32];
            getrandom::fill(&mut seed).map_err(|error| format!("no randomness: {error}"))?;
            Random::from_seed(seed)
        }
    };

    let listener = tokio::net::TcpListener::bind(cli.addr).await.map_err(|error| format!("{}: {error}", cli.addr))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let portal = format!("http://{address}/portal");
    let settings = Settings {
        code_ttl: cli.code_ttl,
        codes_per_hour: cli.rate_limit,
        demo_data: cli.demo_data,
        strict_sends: cli.strict_sends,
        agent_sends: cli.agent_sends,
        portal: portal.clone(),
        article_tools: cli.dialect() == Dialect::Article,
        ..Settings::default()
    };
    let backend = Backend::open(cli.data.as_deref(), settings, random, mailer).map_err(|error| error.to_string())?;
    let app = Arc::new(serve::App::new(backend, faults, &cli));

    let ending = serve::Ending::watch(cli.exit_with_stdin).map_err(|error| format!("signals: {error}"))?;
    let started = json!({"mcp": format!("http://{address}/mcp"), "portal": portal, "outbox": outbox.directory()});
    writeln!(std::io::stdout(), "{started}").map_err(|error| format!("stdout: {error}"))?;
    serve::listen(listener, app, ending).await;
    Ok(())
}
