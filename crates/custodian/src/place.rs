use std::path::PathBuf;

/// File names in the key directory.
pub mod key_files {
    /// Token keys.
    pub const KEYRING: &str = "keyring";
    /// Signs credentials.
    pub const ISSUER: &str = "issuer.key";
    /// Signs audit heads.
    pub const AUDIT: &str = "audit-head.key";
    /// Seals originals; public.
    pub const SEALING: &str = "vault.pub";
    /// Opens originals: nothing but a reveal needs it.
    pub const OPENING: &str = "opening.key";
    /// The administrator's first credential.
    pub const ADMIN: &str = "admin.credential";
    /// Domains that stand behind short and bare account names, by team.
    pub const DOMAINS: &str = "domains.toml";
}

/// Where the parts of an archive lie.
#[derive(Debug, Clone)]
pub struct Place {
    /// The archive: a directory or a URL.
    pub archive: String,
    /// Sealed originals: a directory or a URL.
    pub vault: String,
    /// Keys of this host.
    pub keys: PathBuf,
    /// Audit chain and leases of this host.
    pub state: PathBuf,
}

impl Place {
    /// A file in the key directory.
    pub fn key_file(&self, name: &str) -> PathBuf {
        self.keys.join(name)
    }

    /// The directory of the audit chain.
    pub fn chain(&self) -> PathBuf {
        self.state.join("audit")
    }

    /// The file of issued credentials.
    pub fn registry(&self) -> PathBuf {
        self.state.join("credentials.jsonl")
    }

    /// The register of delegations.
    pub fn delegations(&self) -> PathBuf {
        self.state.join("delegations.jsonl")
    }

    /// The directory to which queries spill.
    pub fn spill(&self) -> PathBuf {
        self.state.join("spill")
    }
}
