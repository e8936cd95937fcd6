use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::execution::TaskContext;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use scopelog_audit::{Chain, Kind, Receipt};

use crate::admission::Explain;
use crate::error::{Error, FailureClass, from_datafusion};
use crate::explain;
use crate::record;
use crate::rewrite::StatementFacts;
use crate::scan::LoadedDataset;
use crate::session::SessionInner;
use crate::stream::ResultStream;
use crate::tokens::text_schema;
use crate::verify;

/// A plan over the datasets in scope, not yet looked at a second time.
///
/// ```compile_fail,E0599
/// // What was not verified cannot be admitted.
/// fn skip(plan: scopelog_engine::ScopedPlan, chain: std::sync::Arc<scopelog_audit::Chain>) {
///     plan.admit(chain);
/// }
/// ```
///
/// ```compile_fail,E0599
/// // Nor can it be executed.
/// fn skip(plan: scopelog_engine::ScopedPlan) {
///     plan.execute();
/// }
/// ```
#[must_use = "a plan answers nothing until it is verified, admitted and executed"]
pub struct ScopedPlan {
    planned: Planned,
}

/// A plan whose every leaf was found to be of its scope.
///
/// ```compile_fail,E0599
/// // What was not admitted cannot be executed: no audit entry, no answer.
/// fn skip(plan: scopelog_engine::VerifiedPlan) {
///     plan.execute();
/// }
/// ```
#[must_use = "a plan answers nothing until it is admitted and executed"]
pub struct VerifiedPlan {
    planned: Planned,
}

/// A plan with a durable audit entry. It is executed once:
///
/// ```compile_fail,E0382
/// fn twice(plan: scopelog_engine::AdmittedPlan) {
///     plan.execute();
///     plan.execute();
/// }
/// ```
#[must_use = "a plan answers nothing until it is executed"]
pub struct AdmittedPlan {
    planned: Planned,
    chain: Arc<Chain>,
    receipt: Receipt,
}

pub(crate) struct Planned {
    pub(crate) session: Arc<SessionInner>,
    pub(crate) state: SessionState,
    pub(crate) logical: LogicalPlan,
    pub(crate) physical: Arc<dyn ExecutionPlan>,
    pub(crate) datasets: Vec<Arc<LoadedDataset>>,
    pub(crate) facts: StatementFacts,
    pub(crate) explain: Option<Explain>,
    /// Whether tokens of one epoch only are compared.
    pub(crate) epochs: Result<(), Error>,
}

impl Planned {
    /// The columns of the answer, as it leaves.
    fn schema(&self) -> SchemaRef {
        if self.explain.is_some() { explain::schema() } else { text_schema(&self.physical.schema()) }
    }
}

impl ScopedPlan {
    pub(crate) fn new(planned: Planned) -> Self {
        Self { planned }
    }

    /// Looks at the physical plan a second time, without trust in how it was made.
    ///
    /// # Errors
    /// [`Error::Unverified`] where a node or leaf is not one that a scope allows; [`Error::Epochs`] where tokens of
    /// several epochs meet.
    pub fn verify(self) -> Result<VerifiedPlan, Error> {
        let planned = &self.planned;
        verify::verify(&planned.physical, planned.session.scope.hash(), &planned.datasets)?;
        let mut planned = self.planned;
        std::mem::replace(&mut planned.epochs, Ok(()))?;
        Ok(VerifiedPlan { planned })
    }
}

impl VerifiedPlan {
    /// The columns of the answer.
    pub fn schema(&self) -> SchemaRef {
        self.planned.schema()
    }

    /// Makes the audit entry durable that says who asked what, under which scope.
    ///
    /// # Errors
    /// [`Error::Audit`] where the chain takes no entry: then nothing is answered.
    pub async fn admit(self, chain: Arc<Chain>) -> Result<AdmittedPlan, Error> {
        let planned = self.planned;
        let entry = record::admitted(&planned.session, &planned.datasets, &planned.facts, planned.explain.is_some());
        let appending = Arc::clone(&chain);
        // The disk is waited for on a thread that may wait.
        let receipt = tokio::task::spawn_blocking(move || appending.append(&entry)).await;
        let receipt = receipt.map_err(|_| Error::Audit(scopelog_audit::Error::Refused))?.map_err(Error::Audit)?;
        Ok(AdmittedPlan { planned, chain, receipt })
    }
}

impl AdmittedPlan {
    /// The columns of the answer.
    pub fn schema(&self) -> SchemaRef {
        self.planned.schema()
    }

    /// The proof that the entry is durable.
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// Starts the query. Rows come as the stream is polled; the audit entry of the end is written when it ends, fails or
    /// is dropped.
    ///
    /// # Errors
    /// [`Error::Failed`] where the plan cannot start; its end is recorded then, too.
    pub fn execute(self) -> Result<ResultStream, Error> {
        let schema = self.schema();
        let Self { planned, chain, receipt } = self;
        let mut stream = ResultStream::new(Arc::clone(&planned.session), chain, receipt, schema);
        let started = if stream.receipt().kind() != &Kind::Admitted {
            Err(Error::Failed { class: FailureClass::Engine, message: String::new() })
        } else if let Some(explain) = planned.explain {
            explain::stream(planned, explain)
        } else {
            execute_stream(planned.physical, Arc::new(TaskContext::from(&planned.state))).map_err(from_datafusion)
        };
        match started {
            Ok(input) => {
                stream.start(input);
                Ok(stream)
            }
            Err(error) => {
                stream.fail(&error)?;
                Err(error)
            }
        }
    }
}

macro_rules! opaque {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("scope", &self.planned.session.scope.hash()).finish_non_exhaustive()
            }
        }
    )*};
}

opaque!(ScopedPlan, VerifiedPlan, AdmittedPlan);

#[cfg(any(test, feature = "testing"))]
impl ScopedPlan {
    /// The scans below the conditioned leaves, each on one line, for tests of what reaches them.
    pub fn below_leaves(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut open = vec![&self.planned.physical];
        while let Some(node) = open.pop() {
            if let Some(leaf) = node.downcast_ref::<crate::leaf::ScopeExec>() {
                found.push(datafusion::physical_plan::displayable(leaf.source().as_ref()).one_line().to_string());
            }
            open.extend(node.children());
        }
        found
    }

    /// The physical plan as it would be executed, with everything that EXPLAIN leaves out.
    pub fn whole_plan(&self) -> String {
        datafusion::physical_plan::displayable(self.planned.physical.as_ref()).indent(false).to_string()
    }
}
