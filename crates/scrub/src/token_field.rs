//! Fields of class `token`.

use scopelog_catalog::Domain;
use scopelog_token::canonical::{account, ip, sid};
use scopelog_token::wellknown;

use crate::cells::Cell;
use crate::maker::Maker;
use crate::plan::FieldPlan;

/// Relative identifiers below this are the same in every domain (Administrator, Guest, built-in groups).
const BUILT_IN_RIDS: u32 = 1000;

/// The cells of a value that a token field has.
pub(crate) fn cells(
    maker: &mut Maker,
    plan: &FieldPlan,
    team_realm: bool,
    domain: Domain,
    raw: &str,
) -> Vec<(usize, Cell)> {
    let to = plan.to;
    let mut cells = Vec::with_capacity(6);
    let mut put = |place: Option<usize>, cell: Option<Cell>| cells.extend(place.zip(cell));
    // A list of addresses (proxies append) is told by its first.
    let raw_known = if domain == Domain::Ip { first_address(raw).unwrap_or(raw) } else { raw };
    if let Some(known) = wellknown::lookup(domain, raw_known) {
        if !matches!(known.text, "" | "-") {
            put(to.known, Some(Cell::Known(known.text)));
        }
        return cells;
    }
    match domain {
        Domain::User => {
            let tokens = maker.account_of(team_realm, raw);
            put(Some(to.value), tokens.user.map(Cell::Token));
            put(to.local, tokens.local.map(Cell::Token));
            put(to.domain, tokens.tenant.map(Cell::Token));
        }
        Domain::Ip => {
            put(Some(to.value), Some(Cell::Token(maker.token(team_realm, domain, raw_known))));
            if let Some((address, _)) = ip::parse_endpoint(raw_known) {
                put(to.net, Some(Cell::Token(maker.network(team_realm, address))));
            }
        }
        Domain::Host => put(Some(to.value), Some(Cell::Token(maker.token(team_realm, domain, without_port(raw))))),
        Domain::Sid => {
            put(Some(to.value), Some(Cell::Token(maker.token(team_realm, domain, raw))));
            // Only identifiers of a domain or a machine have a domain part that names one.
            if let Some((sid, of)) = sid::parse(raw).and_then(|sid| sid.domain().map(|of| (sid, of)))
                && of.to_string().starts_with("S-1-5-21-")
            {
                put(to.domain, Some(Cell::Token(maker.token(team_realm, domain, &of.to_string()))));
                put(to.rid, Some(sid.rid()).filter(|rid| *rid < BUILT_IN_RIDS).map(|rid| Cell::Int(rid.into())));
            }
        }
        _ => put(Some(to.value), Some(Cell::Token(maker.token(team_realm, domain, raw)))),
    }
    cells
}

/// The first of a list of addresses, if it is one.
pub(crate) fn first_address(raw: &str) -> Option<&str> {
    let first = raw.split([',', ' ', ';', '+']).map(str::trim).find(|part| !part.is_empty())?;
    ip::parse_endpoint(first).map(|_| first)
}

/// A host name without the port behind it.
pub(crate) fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') && !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            name
        }
        _ => host,
    }
}

/// Whether an account is a machine's.
pub(crate) fn is_machine(raw: &str) -> bool {
    account::parse(raw).is_machine()
}
