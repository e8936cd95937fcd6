//! Threads for work that recurses as deeply as a statement does.

use std::thread::{Builder, scope};

use crate::error::{Error, FailureClass};

/// Enough for any statement within the caps.
const STACK: usize = 32 << 20;

/// Runs something on a thread with a large stack, and waits for it.
pub(crate) fn deep<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Error> {
    scope(|s| {
        let thread = Builder::new().name("scopelog-parse".into()).stack_size(STACK).spawn_scoped(s, work);
        thread.map_err(|_| lost())?.join().map_err(|_| lost())
    })
}

/// Runs a future on a thread with a large stack. The runtime that this is called on must stay alive.
pub(crate) async fn deep_future<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T, Error> {
    let runtime =
        tokio::runtime::Handle::try_current().map_err(|_| Error::Setup { doing: "plan outside of a Tokio runtime" })?;
    let (done, wait) = tokio::sync::oneshot::channel();
    let run = move || {
        // Nobody waits any more where the query was dropped.
        let _ = done.send(runtime.block_on(work));
    };
    Builder::new().name("scopelog-plan".into()).stack_size(STACK).spawn(run).map_err(|_| lost())?;
    wait.await.map_err(|_| lost())
}

fn lost() -> Error {
    Error::Failed { class: FailureClass::Engine, message: String::new() }
}
