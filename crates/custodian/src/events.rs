use scopelog_access::PolicyVersion;

/// What happens to a custodian besides what it is asked for, for logs of a service.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Another policy version is in force.
    PolicyInForce {
        /// The number of its activation.
        activation: u32,
        /// The version.
        version: &'a PolicyVersion,
    },
    /// A newer version could not be loaded: the one before it stays in force, or none is.
    PolicyNotLoaded {
        /// The number of the activation, where it is known.
        activation: Option<u32>,
        /// Why not; it may name places in the store.
        cause: &'a crate::Error,
    },
}
