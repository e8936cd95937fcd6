use std::path::PathBuf;

/// Why an archive could not be opened for somebody, or a statement not be answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file of keys or state cannot be read.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The path.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// Not allowed, or absent: one case.
    #[error("{0}")]
    Denied(&'static str),
    /// The credential does not hold.
    #[error(transparent)]
    Credential(#[from] scopelog_access::CredentialError),
    /// The credential holds, but not for who shows it.
    #[error(transparent)]
    Peer(#[from] PeerFault),
    /// A policy version is not valid.
    #[error(transparent)]
    Policy(#[from] scopelog_access::PolicyError),
    /// The register of delegations cannot be read.
    #[error(transparent)]
    Delegation(#[from] scopelog_access::DelegationError),
    /// The store of policies refused.
    #[error("the archive's policies cannot be used: {0}")]
    PolicyStore(#[from] object_store::Error),
    /// There is no version in force.
    #[error(
        "no policy version is in force, so everything is denied: an administrator activates one with `scopelog access activate`"
    )]
    NoPolicy,
    /// The audit chain.
    #[error("{0}")]
    Audit(#[from] scopelog_audit::Error),
    /// The audit chain cannot be read.
    #[error("the audit chain does not verify: {0}")]
    AuditDamage(#[from] scopelog_audit::VerifyError),
    /// Token keys.
    #[error(transparent)]
    Token(#[from] scopelog_token::Error),
    /// The vault's key.
    #[error(transparent)]
    Vault(#[from] scopelog_vault::VaultError),
    /// The archive.
    #[error("{0}")]
    Archive(#[from] scopelog_archive::Error),
    /// A name.
    #[error(transparent)]
    Name(#[from] scopelog_catalog::Error),
    /// The table of account domains does not parse.
    #[error("domains.toml in the key directory holds [team] tables of NAME = \"dns.domain\"")]
    Domains,
    /// A query.
    #[error(transparent)]
    Query(#[from] scopelog_engine::Error),
}

/// Why a credential that holds is refused from a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeerFault {
    /// It belongs to another user of the operating system, or came by a way that proves none.
    #[error(
        "the credential is bound to a user of the service's machine: it works for that user alone, over the service's socket"
    )]
    OtherUser,
    /// It belongs to no user of the operating system, and the service asks for one.
    #[error(
        "the credential is bound to no user of this machine: ask an administrator for one issued with --os-user, as `id -u` shows it"
    )]
    Unbound,
}

impl Error {
    /// Whether nobody was told more than that there is nothing for them.
    pub fn is_denial(&self) -> bool {
        matches!(self, Self::Denied(_) | Self::Credential(_) | Self::Peer(_))
    }
}
