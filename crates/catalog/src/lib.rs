//! Names and shapes that every other crate agrees on.
//!
//! Principal types: [`TeamName`], [`DatasetName`], [`PrincipalId`] and [`RecordId`] have one canonical text form each;
//! [`DatasetSchema`] says, for every field of a log kind, what is stored and how it is scrubbed; [`Domain`], [`Realm`] and
//! [`Epoch`] name the key under which a value becomes a token.
//!
//! ```
//! use scopelog_catalog::{Class, DatasetName, DatasetSchema};
//!
//! let iis = DatasetSchema::builtin(&DatasetName::new("iis")?).ok_or("no such kind")?;
//! let user = iis.field("cs_username").ok_or("no such field")?;
//! assert!(matches!(user.class, Class::Token { .. }));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Invariants
//!
//! - A name that exists is canonical: equal names are equal bytes, and none can leave its directory.
//! - Every field of a schema has a class. There is no default, and no column is named twice.
//! - A `listed` field holds values of a reviewed [`Vocabulary`] and nothing else.
//! - A column's type follows from its field's class alone, so a reader of a schema knows what it may hold.
//!
//! # Not here
//!
//! Files, network, clocks, policies, cryptography: this crate computes nothing and reads nothing.

mod columns;
mod error;
mod ids;
mod keys;
mod names;
mod schema;
pub mod vocabulary;

pub use columns::{Column, ColumnType, SYSTEM_COLUMNS};
pub use error::Error;
pub use ids::{RecordId, SourceId};
pub use keys::{Domain, Epoch, Realm};
pub use names::{DatasetName, PrincipalId, PrincipalKind, TeamName};
pub use schema::{Class, CommonColumn, DatasetSchema, EventMapping, Feature, Field, FieldType};
pub use vocabulary::Vocabulary;
