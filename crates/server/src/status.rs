//! The one place where errors become statuses of gRPC with SQLSTATEs, and statuses become errors again.

use scopelog_custodian::Error as CustodianError;
use scopelog_engine::{Error as QueryError, FailureClass, LimitKind};
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};

use crate::{Error, Fault};

/// The SQLSTATE of an error, in a status's metadata.
pub const SQLSTATE: &str = "x-scopelog-sqlstate";
/// What an error is about, in a status's metadata.
pub const FAULT: &str = "x-scopelog-fault";

/// What a client is told of a fault of the service itself.
const OWN_FAULT: &str = "the service cannot answer now; its log says why";

struct Told {
    code: Code,
    sqlstate: &'static str,
    fault: Fault,
}

fn told(code: Code, sqlstate: &'static str, fault: Fault) -> Told {
    Told { code, sqlstate, fault }
}

/// What is absent and what is forbidden is told alike, as the engine does it: by one kind of error with one text.
fn of_query(error: &QueryError) -> Told {
    let (code, fault) = match error {
        QueryError::NotFound { .. } => (Code::NotFound, Fault::Denied),
        QueryError::Denied { .. } => (Code::PermissionDenied, Fault::Denied),
        QueryError::Limit(LimitKind::Time) => (Code::DeadlineExceeded, Fault::Limit),
        QueryError::Limit(_) => (Code::ResourceExhausted, Fault::Limit),
        QueryError::Audit(_) => (Code::Unavailable, Fault::Audit),
        QueryError::Failed { class: FailureClass::Storage | FailureClass::Engine, .. }
        | QueryError::Archive { .. }
        | QueryError::Condition { .. }
        | QueryError::Unverified(_)
        | QueryError::Setup { .. }
        | QueryError::TokenOracle(_) => (Code::Internal, Fault::Query),
        _ => (Code::InvalidArgument, Fault::Query),
    };
    told(code, error.sqlstate(), fault)
}

fn of_custodian(error: &CustodianError) -> Told {
    match error {
        CustodianError::Query(error) => of_query(error),
        CustodianError::Denied(_) => told(Code::PermissionDenied, "42501", Fault::Denied),
        CustodianError::Credential(_) | CustodianError::Peer(_) => told(Code::Unauthenticated, "28000", Fault::Denied),
        CustodianError::Audit(_) => told(Code::Unavailable, "XX000", Fault::Audit),
        CustodianError::NoPolicy => told(Code::Unavailable, "55000", Fault::Failure),
        _ => told(Code::Internal, "XX000", Fault::Failure),
    }
}

fn of(error: &Error) -> Told {
    match error {
        Error::Custodian(error) => of_custodian(error),
        Error::NoCredential => told(Code::Unauthenticated, "28000", Fault::Denied),
        Error::Purpose => told(Code::InvalidArgument, "22023", Fault::Usage),
        Error::Ticket => told(Code::PermissionDenied, "26000", Fault::Denied),
        Error::Busy => told(Code::ResourceExhausted, "53300", Fault::Limit),
        Error::Stopping => told(Code::Unavailable, "57P01", Fault::Failure),
        Error::Cancelled => told(Code::Cancelled, "57014", Fault::Cancelled),
        Error::Stalled { .. } => told(Code::Aborted, "57014", Fault::Limit),
        Error::Malformed(_) => told(Code::InvalidArgument, "08P01", Fault::Usage),
        Error::Unsupported(_) => told(Code::Unimplemented, "0A000", Fault::Usage),
        Error::Parameters(_) => told(Code::InvalidArgument, "07006", Fault::Query),
        _ => told(Code::Internal, "XX000", Fault::Failure),
    }
}

/// Whether the text of an error is of the service's own matters, such as places of files, and not for who asks.
pub fn is_own(error: &Error) -> bool {
    match error {
        Error::Custodian(error) => !matches!(
            error,
            CustodianError::Query(_)
                | CustodianError::Denied(_)
                | CustodianError::Credential(_)
                | CustodianError::Peer(_)
                | CustodianError::Audit(_)
                | CustodianError::NoPolicy
        ),
        Error::Io { .. } | Error::Socket { .. } | Error::Transport(_) => true,
        _ => false,
    }
}

/// What a client is told: the text that a command in custodian mode would show, and codes for programs.
pub fn status(error: &Error) -> Status {
    let Told { code, sqlstate, fault } = of(error);
    let text = if is_own(error) { OWN_FAULT.to_owned() } else { error.to_string() };
    let mut metadata = MetadataMap::new();
    metadata.insert(SQLSTATE, MetadataValue::from_static(sqlstate));
    metadata.insert(FAULT, MetadataValue::from_static(fault.word()));
    Status::with_metadata(code, text, metadata)
}

/// The word of an error in logs.
pub fn class(error: &Error) -> &'static str {
    match error {
        Error::Custodian(CustodianError::Query(error)) => error.class(),
        other => of(other).fault.word(),
    }
}

/// What a status of a service says; one that is not by the service is about the way to it.
pub fn from_status(status: &Status) -> Error {
    let text = |key: &str| status.metadata().get(key).and_then(|value| value.to_str().ok());
    match (text(FAULT).and_then(Fault::of_word), text(SQLSTATE)) {
        (Some(fault), Some(sqlstate)) => {
            Error::Remote { fault, sqlstate: sqlstate.to_owned(), message: status.message().to_owned() }
        }
        _ => Error::Unreachable(match status.message() {
            "" => status.code().description().to_owned(),
            text => text.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_travel_and_places_do_not() {
        let denied = CustodianError::Denied("no such thing");
        let there = status(&denied.into());
        assert_eq!((there.code(), there.message()), (Code::PermissionDenied, "no such thing"));
        let Error::Remote { fault, sqlstate, message } = from_status(&there) else { panic!("{there:?}") };
        assert_eq!((fault, sqlstate.as_str(), message.as_str()), (Fault::Denied, "42501", "no such thing"));

        let own = CustodianError::File {
            action: "read",
            path: "secret/place".into(),
            source: std::io::ErrorKind::NotFound.into(),
        };
        let there = status(&own.into());
        assert!(!there.message().contains("secret"), "{there:?}");
        assert!(matches!(from_status(&Status::unavailable("no route")), Error::Unreachable(_)));
    }

    #[test]
    fn every_fault_has_its_word() {
        for fault in Fault::ALL {
            assert_eq!(Fault::of_word(fault.word()), Some(fault));
        }
        assert_eq!(Fault::of_word("other"), None);
    }
}
