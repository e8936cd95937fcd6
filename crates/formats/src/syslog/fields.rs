//! The field names of the kind and their ids in one source.

use crate::names::{NameId, Names};

macro_rules! fields {
    ($($name:ident),* $(,)?) => {
        /// The id of every field that the kind knows.
        #[derive(Debug, Clone, Copy)]
        pub(super) struct Fields {
            $(pub(super) $name: NameId,)*
        }

        impl Fields {
            pub(super) fn new(names: &mut Names) -> Self {
                Self { $($name: names.intern(stringify!($name)),)* }
            }
        }
    };
}

fields!(
    log_form,
    facility,
    severity,
    severity_code,
    host,
    host_ip,
    app_name,
    proc_id,
    msg_id,
    structured_data,
    message,
    outcome,
    account,
    target_account,
    account_sid,
    target_sid,
    src_ip,
    src_host,
    src_port,
    dst_ip,
    dst_host,
    dst_port,
    protocol,
    event_id,
    snare_criticality,
    snare_channel,
    snare_counter,
    snare_provider,
    snare_sid_type,
    snare_audit,
    snare_computer,
    snare_category,
    snare_data,
    snare_record,
);
