//! How many queries run at once, and whose turn is next.
//!
//! Who waits is let in by turns of principals, not of queries: one who asks much waits for itself, and not others for it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::Error;

/// How many may be within.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Width {
    /// All together.
    pub(crate) all: usize,
    /// Of one principal.
    pub(crate) each: usize,
    /// Of one principal, before the gate.
    pub(crate) waiting: usize,
}

/// Lets in a limited number at once.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    width: Width,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    within: usize,
    of: BTreeMap<String, usize>,
    /// Who waits, in the order of their turns.
    turns: VecDeque<String>,
    waiting: BTreeMap<String, VecDeque<oneshot::Sender<Pass>>>,
}

/// Leave to be within; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Pass {
    gate: Gate,
    principal: String,
}

impl Gate {
    pub(crate) fn new(width: Width) -> Self {
        Self { width, state: Arc::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for its turn. Whoever stops waiting leaves the queue.
    pub(crate) async fn enter(&self, principal: &str) -> Result<Pass, Error> {
        let pass = {
            let mut state = self.state();
            let waiting = state.waiting.entry(principal.to_owned()).or_default();
            // Those who do not wait any more have no place.
            waiting.retain(|one| !one.is_closed());
            if waiting.len() >= self.width.waiting {
                return Err(Error::Busy);
            }
            let (give, pass) = oneshot::channel();
            waiting.push_back(give);
            if !state.turns.iter().any(|one| one == principal) {
                state.turns.push_back(principal.to_owned());
            }
            pass
        };
        self.let_in();
        pass.await.map_err(|_| Error::Internal)
    }

    /// How many are within, and how many wait.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let state = self.state();
        let waits = |queue: &VecDeque<oneshot::Sender<Pass>>| queue.iter().filter(|one| !one.is_closed()).count();
        (state.within, state.waiting.values().map(waits).sum())
    }

    /// Lets in whoever may.
    fn let_in(&self) {
        loop {
            let Some((give, pass)) = self.next() else { return };
            // Who is gone gives the pass back; that looks for the next one.
            if let Err(unclaimed) = give.send(pass) {
                drop(unclaimed);
            }
        }
    }

    /// The next one in turn who may be let in, with its pass.
    fn next(&self) -> Option<(oneshot::Sender<Pass>, Pass)> {
        let mut guard = self.state();
        let state = &mut *guard;
        if state.within >= self.width.all {
            return None;
        }
        let may = |one: &String| state.of.get(one).copied().unwrap_or_default() < self.width.each;
        let turn = state.turns.iter().position(may)?;
        let principal = state.turns.remove(turn)?;
        let queue = state.waiting.get_mut(&principal)?;
        let give = queue.pop_front();
        if queue.is_empty() {
            state.waiting.remove(&principal);
        } else {
            state.turns.push_back(principal.clone());
        }
        let give = give?;
        state.within += 1;
        *state.of.entry(principal.clone()).or_default() += 1;
        Some((give, Pass { gate: self.clone(), principal }))
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        {
            let mut state = self.gate.state();
            state.within = state.within.saturating_sub(1);
            if let Some(count) = state.of.get_mut(&self.principal) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    state.of.remove(&self.principal);
                }
            }
        }
        self.gate.let_in();
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn gate(all: usize, each: usize, waiting: usize) -> Gate {
        Gate::new(Width { all, each, waiting })
    }

    type Entering<'a> = Pin<Box<dyn Future<Output = Result<Pass, Error>> + 'a>>;

    fn enter<'a>(gate: &'a Gate, who: &'a str) -> Entering<'a> {
        let mut entering: Entering<'a> = Box::pin(gate.enter(who));
        // Takes its place.
        if let Poll::Ready(done) = poll(&mut entering) {
            return Box::pin(std::future::ready(done));
        }
        entering
    }

    fn poll(entering: &mut Entering<'_>) -> Poll<Result<Pass, Error>> {
        entering.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    fn entered(entering: &mut Entering<'_>) -> Pass {
        match poll(entering) {
            Poll::Ready(Ok(pass)) => pass,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn turns_go_by_principal() {
        let gate = gate(1, 1, 10);
        let first = entered(&mut enter(&gate, "alice"));
        let mut alices = [enter(&gate, "alice"), enter(&gate, "alice")];
        let mut bob = enter(&gate, "bob");
        assert_eq!(gate.counts(), (1, 3));
        drop(first);
        let second = entered(&mut alices[0]);
        assert!(poll(&mut bob).is_pending() && poll(&mut alices[1]).is_pending());
        drop(second);
        // Bob came last, and is before the other one of alice.
        let third = entered(&mut bob);
        assert!(poll(&mut alices[1]).is_pending());
        drop(third);
        drop(entered(&mut alices[1]));
        assert_eq!(gate.counts(), (0, 0));
    }

    #[test]
    fn one_cannot_take_all() {
        let gate = gate(3, 2, 1);
        let alices = [entered(&mut enter(&gate, "alice")), entered(&mut enter(&gate, "alice"))];
        let mut third = enter(&gate, "alice");
        assert!(poll(&mut third).is_pending());
        assert!(matches!(poll(&mut enter(&gate, "alice")), Poll::Ready(Err(Error::Busy))));
        let bob = entered(&mut enter(&gate, "bob"));
        drop(bob);
        assert!(poll(&mut third).is_pending(), "hers are two already");
        drop(alices);
        entered(&mut third);
    }

    #[test]
    fn who_stops_waiting_holds_nobody_up() {
        let gate = gate(1, 1, 2);
        let first = entered(&mut enter(&gate, "alice"));
        drop(enter(&gate, "bob"));
        drop((enter(&gate, "alice"), enter(&gate, "alice")));
        let mut eve = enter(&gate, "eve");
        let mut again = enter(&gate, "alice");
        drop(first);
        let second = entered(&mut again).principal.clone();
        assert_eq!(second, "alice", "her turn was before eve's");
        entered(&mut eve);
        assert_eq!(gate.counts(), (0, 0));
    }
}
