//! Findings about policies that are valid and probably not what was meant.

use std::collections::BTreeSet;
use std::fmt;
use std::time::SystemTime;

use cedar_policy::Effect;
use cedar_policy::pst::{BinaryOp, Clause, Expr, Literal, UnaryOp, Var};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use crate::cover::{Reach, overlaps};
use crate::policies::LoadedPolicy;
use crate::syntax::{
    actions, asks_place, clauses, expression, expressions, is_context, is_variable, principal_anchor, resource_anchor,
    team_of,
};
use crate::{PolicyId, PolicySchema, PolicySet};

/// Actions that open or change data of teams.
const DATA: [&str; 7] = ["read", "select", "aggregate", "ingest", "reveal", "retain", "delegate"];
/// Actions that open data.
const READING: [&str; 4] = ["read", "select", "aggregate", "reveal"];

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth tidying up; nothing is open that should not be.
    Note,
    /// Probably wrong.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
        })
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $word:literal $severity:ident),+ $(,)?) => {
        /// What a finding is about. The words are stable: scripts may rely on them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum LintCode { $($(#[$doc])* $name),+ }

        impl LintCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The code's word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            /// How much such a finding matters.
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity),+ }
            }
        }
    };
}

codes! {
    /// Forbids take everything back that a permit gives.
    AlwaysForbidden = "always-forbidden" Warning,
    /// Another permit gives all of it already.
    Shadowed = "shadowed" Warning,
    /// A permit gives data of every team.
    BroadResource = "broad-resource" Warning,
    /// A permit gives to everybody, whatever their team.
    BroadPrincipal = "broad-principal" Warning,
    /// A team's policies give another team's data.
    ForeignGrant = "foreign-grant" Warning,
    /// Data goes to another team for no stated purpose.
    NoPurpose = "no-purpose" Warning,
    /// Columns are forbidden that no permit gives.
    ForbidOfNothing = "forbid-of-nothing" Warning,
    /// Columns are given of datasets that nobody lets the same principals read.
    SelectWithoutRead = "select-without-read" Warning,
    /// The time is over in which a permit held.
    Ended = "ended" Note,
}

/// One thing that is probably not meant, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file's name.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// The policy.
    pub policy: PolicyId,
    /// What it is about.
    pub code: LintCode,
    /// What was found, and what to do.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, policy, code, text } = self;
        write!(f, "{file}:{line}: {} [{}] policy `{policy}`: {text}", code.severity(), code.as_str())
    }
}

/// One policy, read once.
struct Facts<'a> {
    loaded: &'a LoadedPolicy,
    line: usize,
    clauses: Vec<Clause>,
    actions: BTreeSet<&'static str>,
    reach: Reach,
}

impl Facts<'_> {
    fn is(&self, effect: Effect) -> bool {
        self.loaded.policy.effect() == effect
    }

    fn does(&self, actions: &[&str]) -> bool {
        actions.iter().any(|action| self.actions.contains(action))
    }

    /// Whether this policy holds wherever the other does, as far as one action goes.
    fn covers(&self, other: &Facts<'_>, action: &str) -> bool {
        self.actions.contains(action)
            && self.reach.covers(&other.reach)
            && self.clauses.iter().all(|clause| other.clauses.contains(clause))
    }

    fn place(&self) -> (&str, usize) {
        (&self.loaded.file, self.loaded.offset)
    }

    fn resource_team(&self) -> Option<String> {
        resource_anchor(&self.reach.resource).and_then(team_of)
    }

    fn principal_team(&self) -> Option<String> {
        principal_anchor(&self.reach.principal).and_then(team_of)
    }
}

impl PolicySet {
    /// Findings about this set at a moment, by file and line. The set is taken to be valid against the schema.
    ///
    /// What is found follows from how policies are written, not from who holds credentials: two policies that only differ in
    /// conditions are taken to be different.
    pub fn lint(&self, schema: &PolicySchema, now: SystemTime) -> Vec<Finding> {
        let files: std::collections::BTreeMap<&str, &str> = self.files().collect();
        let facts: Vec<Facts<'_>> = self
            .policies()
            .map(|loaded| {
                let text = files.get(&*loaded.file).copied().unwrap_or_default();
                let before = text.bytes().take(loaded.offset);
                Facts {
                    loaded,
                    line: before.filter(|b| *b == b'\n').count().saturating_add(1),
                    clauses: clauses(&loaded.policy),
                    actions: actions(&loaded.policy),
                    reach: Reach::of(&loaded.policy),
                }
            })
            .collect();
        let teams = known_teams(&facts, schema);
        let mut findings = vec![];
        for one in &facts {
            let mut found = |code: LintCode, text: String| {
                let (file, policy) = (one.loaded.file.to_string(), one.loaded.id.clone());
                findings.push(Finding { file, line: one.line, policy, code, text });
            };
            match one.loaded.policy.effect() {
                Effect::Permit => permit(one, &facts, &teams, now, &mut found),
                Effect::Forbid => forbid(one, &facts, &mut found),
            }
        }
        findings.sort();
        findings
    }
}

fn permit(
    one: &Facts<'_>,
    all: &[Facts<'_>],
    teams: &BTreeSet<String>,
    now: SystemTime,
    found: &mut impl FnMut(LintCode, String),
) {
    let forbidding = always_forbidden(one, all);
    if !forbidding.is_empty() {
        found(LintCode::AlwaysForbidden, format!("{} always forbids what it permits: remove one", list(&forbidding)));
    }
    let wider = shadowed(one, all);
    if !wider.is_empty() {
        found(LintCode::Shadowed, format!("{} permits all of it already: remove this one", list(&wider)));
    }
    breadth(one, found);
    if let (Some(owner), Some(of)) = (owner(one, teams), one.resource_team())
        && owner != of
        && one.does(&DATA)
    {
        found(
            LintCode::ForeignGrant,
            format!("it stands among the policies of team {owner} and gives data of team {of}: move it to theirs"),
        );
    }
    let asks_purpose = expressions(&one.clauses).into_iter().any(|e| is_context(e, "purpose"));
    if let (Some(to), Some(of)) = (one.principal_team(), one.resource_team())
        && to != of
        && one.does(&READING)
        && !asks_purpose
    {
        found(
            LintCode::NoPurpose,
            format!("team {to} gets data of team {of} for no purpose: add `when {{ context.purpose == \"…\" }}`"),
        );
    }
    if one.actions.contains("select") && !one.actions.contains("read") {
        let reads = |other: &&Facts<'_>| {
            other.is(Effect::Permit)
                && other.actions.contains("read")
                && other.reach.may_share_principals(&one.reach)
                && overlaps(&other.reach.dataset(), &one.reach.dataset())
        };
        if !all.iter().any(|other| reads(&other)) {
            let text = "columns show only where `read` is permitted to the same principals, and nowhere is it";
            found(LintCode::SelectWithoutRead, text.to_owned());
        }
    }
    if let Some(end) = end(&one.clauses)
        && end <= DateTime::<Utc>::from(now)
    {
        found(LintCode::Ended, format!("it has held until {} and no longer does: remove it", end.format("%F %TZ")));
    }
}

/// The forbids that take back all that a permit gives. Columns of what must not be read are not seen either.
fn always_forbidden<'a>(one: &Facts<'_>, all: &'a [Facts<'_>]) -> Vec<&'a PolicyId> {
    let mut ids = vec![];
    for action in &one.actions {
        let by = all.iter().find(|other| {
            let reading = *action == "select" && other.covers(one, "read");
            other.is(Effect::Forbid) && (other.covers(one, action) || reading)
        });
        match by {
            Some(other) => ids.push(&other.loaded.id),
            None => return vec![],
        }
    }
    ids.sort();
    ids.dedup();
    ids
}

/// The permits that give all that a permit gives. Of two that give the same, the first stays.
fn shadowed<'a>(one: &Facts<'_>, all: &'a [Facts<'_>]) -> Vec<&'a PolicyId> {
    // What these say stands for more than the permit.
    if ["min_group", "two_person"].iter().any(|name| one.loaded.policy.annotation(name).is_some()) {
        return vec![];
    }
    let mut ids = vec![];
    for action in &one.actions {
        let by = all.iter().find(|other| {
            let twin = one.covers(other, action) && one.place() < other.place();
            other.loaded.id != one.loaded.id && other.is(Effect::Permit) && other.covers(one, action) && !twin
        });
        match by {
            Some(other) => ids.push(&other.loaded.id),
            None => return vec![],
        }
    }
    ids.sort();
    ids.dedup();
    ids
}

fn breadth(one: &Facts<'_>, found: &mut impl FnMut(LintCode, String)) {
    let data = one.does(&DATA);
    if data && resource_anchor(&one.reach.resource).is_none() && !asks_place(&one.clauses, &Var::Resource) {
        let text = "it gives data of every team, later ones too: write `resource in Team::\"…\"` or a dataset";
        found(LintCode::BroadResource, text.to_owned());
    }
    if principal_anchor(&one.reach.principal).is_some() || asks_place(&one.clauses, &Var::Principal) {
        return;
    }
    let asks_principal = expressions(&one.clauses).into_iter().any(|e| is_variable(e, &Var::Principal));
    if data {
        let text = "it gives to every team, whatever their role: write `principal in Team::\"…\"`";
        found(LintCode::BroadPrincipal, text.to_owned());
    } else if !asks_principal {
        let text = "it gives to everybody who holds a credential: write `principal in Team::\"…\"`, or ask for a role";
        found(LintCode::BroadPrincipal, text.to_owned());
    }
}

fn forbid(one: &Facts<'_>, all: &[Facts<'_>], found: &mut impl FnMut(LintCode, String)) {
    let Some(uid) = resource_anchor(&one.reach.resource) else { return };
    if uid.type_name().basename() != "ColumnClass" || !one.actions.contains("select") {
        return;
    }
    let gives = |other: &Facts<'_>| {
        other.is(Effect::Permit)
            && other.actions.contains("select")
            && overlaps(&other.reach.resource_places(), &one.reach.resource_places())
    };
    if !all.iter().any(gives) {
        let text = format!("no permit gives {uid}, so nothing is forbidden: check the name, or remove it");
        found(LintCode::ForbidOfNothing, text);
    }
}

/// The teams of the archive; where the schema lists none, those that policies name.
fn known_teams(facts: &[Facts<'_>], schema: &PolicySchema) -> BTreeSet<String> {
    match schema.teams() {
        Some(teams) => teams.iter().map(ToString::to_string).collect(),
        None => {
            facts.iter().flat_map(|one| one.loaded.policy.entity_literals()).filter_map(|uid| team_of(&uid)).collect()
        }
    }
}

/// The team among whose policies one stands: by its file, `T.cedar` or `team-T.cedar`, else by its id, `T.`…
fn owner(one: &Facts<'_>, teams: &BTreeSet<String>) -> Option<String> {
    let stem = one.loaded.file.strip_suffix(".cedar").unwrap_or(&one.loaded.file);
    let by_file = stem.strip_prefix("team-").unwrap_or(stem);
    let by_id = one.loaded.id.as_str().split_once('.').map(|(team, _)| team);
    [Some(by_file), by_id].into_iter().flatten().find(|team| teams.contains(*team)).map(str::to_owned)
}

/// When a policy ends, where its conditions say so by themselves: `context.now < datetime("…")`.
fn end(clauses: &[Clause]) -> Option<DateTime<Utc>> {
    let mut ends = vec![];
    for clause in clauses {
        let holds = matches!(clause, Clause::When(_));
        let joined = if holds { BinaryOp::And } else { BinaryOp::Or };
        let mut open = vec![expression(clause).as_ref()];
        while let Some(part) = open.pop() {
            match part {
                Expr::BinaryOp { op, left, right } if *op == joined => open.extend([left.as_ref(), right.as_ref()]),
                Expr::BinaryOp { op, left, right } => ends.extend(limit(op, left, right, holds)),
                _ => {}
            }
        }
    }
    ends.into_iter().min()
}

/// The moment after which a comparison is false, or true where that is asked.
fn limit(op: &BinaryOp, left: &Expr, right: &Expr, holds: bool) -> Option<DateTime<Utc>> {
    let now_first = is_context(left, "now");
    let other = match (now_first, is_context(right, "now")) {
        (true, false) => right,
        (false, true) => left,
        _ => return None,
    };
    let now_is_less = match op {
        BinaryOp::Less | BinaryOp::LessEq => now_first,
        BinaryOp::Greater | BinaryOp::GreaterEq => !now_first,
        _ => return None,
    };
    if now_is_less == holds { moment(other) } else { None }
}

/// A `datetime("…")` with a constant.
fn moment(expression: &Expr) -> Option<DateTime<Utc>> {
    let Expr::UnaryOp { op: UnaryOp::Datetime, expr } = expression else { return None };
    let Expr::Literal(Literal::String(text)) = expr.as_ref() else { return None };
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(day.and_time(NaiveTime::MIN).and_utc());
    }
    let zoned = text.strip_suffix('Z').map_or_else(|| text.to_string(), |local| format!("{local}+0000"));
    DateTime::parse_from_str(&zoned, "%Y-%m-%dT%H:%M:%S%.f%z").ok().map(|time| time.to_utc())
}

fn list(ids: &[&PolicyId]) -> String {
    ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests;
