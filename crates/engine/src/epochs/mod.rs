//! Tokens of two epochs never are equal, whatever they stand for: a plan that would compare them is refused.
//!
//! Which epochs a column holds is judged by the days that its scan asks for and by nothing else of the query. Where rows are
//! conditioned, a file may hold none that is in scope, so a plan that looks wrong there is judged again by the rows in scope:
//! hidden ones decide nothing.

mod expr;
mod flow;
mod leaves;
mod set;

use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;

use crate::error::{Error, TokenKind};

use leaves::Leaves;
pub(crate) use set::Epochs;

/// Where tokens of several epochs would meet.
struct Fault {
    epochs: Epochs,
    kind: Option<TokenKind>,
    /// Whether one side is a token that the statement gives.
    given: bool,
}

type Judged<T> = Result<T, Box<Fault>>;

impl From<Box<Fault>> for Error {
    fn from(fault: Box<Fault>) -> Self {
        Self::Epochs { epochs: fault.epochs.numbers(), kind: fault.kind, given: fault.given }
    }
}

/// Judges an optimized plan.
///
/// # Errors
/// [`Error::Epochs`] where tokens of several epochs would meet; what a look at the rows in scope ends with, where that fails.
pub(crate) async fn judge(plan: &LogicalPlan, state: &SessionState) -> Result<(), Error> {
    let mut leaves = Leaves::of(plan, state)?;
    match flow::columns(plan, &leaves) {
        Ok(_) => Ok(()),
        Err(fault) if leaves.certain() => Err(fault.into()),
        // Fewer epochs never make a fault, so only a faulty plan needs the closer look.
        Err(_) => {
            leaves.look_closer(state).await?;
            Ok(flow::columns(plan, &leaves).map(drop)?)
        }
    }
}
