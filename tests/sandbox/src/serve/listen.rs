//! Accepting connections, and ending.

use super::front::Dropped;
use super::{App, PeerAddress, router};
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tower_service::Service;

/// Serves until a signal comes, or stdin ends where that is asked for.
///
/// The loop is written out because only so can a connection be closed without any answer: axum's own
/// server has no service that may fail.
pub(crate) async fn listen(listener: TcpListener, app: Arc<App>, ending: Ending) {
    let router = router(app);
    let mut ending = std::pin::pin!(ending.come());
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    eprintln!("toolgate-sandbox: accept: {error}");
                    // Out of file descriptors, most likely: give the others time to end.
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut ending => return,
        };
        // Answers are small and awaited: sending them at once is what makes tests fast.
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut router = router.clone();
            let mut request: Request = request.map(Body::new);
            request.extensions_mut().insert(PeerAddress(peer.ip()));
            async move {
                let response = match router.call(request).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                };
                match response.extensions().get::<Dropped>() {
                    Some(_) => Err("dropped on purpose"),
                    None => Ok(response),
                }
            }
        });
        tokio::spawn(async move {
            // A connection that breaks is the client's business, or a fault's.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// What makes it end. Watched from before the first line is printed: whoever has read that line may
/// send a signal at once.
pub(crate) struct Ending {
    signals: Signals,
    with_stdin: bool,
}

impl Ending {
    pub(crate) fn watch(with_stdin: bool) -> std::io::Result<Self> {
        Ok(Self { signals: Signals::watch()?, with_stdin })
    }

    async fn come(self) {
        let Self { signals, with_stdin } = self;
        tokio::select! {
            () = signals.come() => {}
            () = stdin_ended(), if with_stdin => {}
        }
    }
}

async fn stdin_ended() {
    let mut stdin = tokio::io::stdin();
    let mut buffer = [0; 1024];
    while matches!(stdin.read(&mut buffer).await, Ok(read) if read > 0) {}
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn watch() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn come(mut self) {
        tokio::select! { _ = self.terminate.recv() => {} _ = self.interrupt.recv() => {} }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn watch() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn come(self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
