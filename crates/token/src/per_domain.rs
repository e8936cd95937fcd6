use scopelog_catalog::Domain;

macro_rules! per_domain {
    ($($variant:ident => $field:ident,)*) => {
        /// One `T` for each domain: looking one up cannot fail, and a new domain does not compile until it is listed.
        #[derive(Clone, Default)]
        pub(crate) struct PerDomain<T> {
            $($field: T,)*
        }

        impl<T> PerDomain<T> {
            /// Makes one for each domain.
            pub(crate) fn build<E>(mut make: impl FnMut(Domain) -> Result<T, E>) -> Result<Self, E> {
                Ok(Self { $($field: make(Domain::$variant)?,)* })
            }

            /// Turns each into another.
            pub(crate) fn map<U>(&self, mut make: impl FnMut(&T) -> U) -> PerDomain<U> {
                PerDomain { $($field: make(&self.$field),)* }
            }

            /// The one of a domain.
            pub(crate) fn get(&self, domain: Domain) -> &T {
                match domain {
                    $(Domain::$variant => &self.$field,)*
                }
            }

            /// The one of a domain, to change it.
            pub(crate) fn get_mut(&mut self, domain: Domain) -> &mut T {
                match domain {
                    $(Domain::$variant => &mut self.$field,)*
                }
            }
        }
    };
}

per_domain! {
    User => user,
    UserLocal => user_local,
    Tenant => tenant,
    Ip => ip,
    IpNet => ip_net,
    Host => host,
    Device => device,
    Mailbox => mailbox,
    Phone => phone,
    Sid => sid,
    Guid => guid,
    Path => path,
    Object => object,
    Card => card,
    Secret => secret,
    Unknown => unknown,
}
