//! `init`: a new archive.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use scopelog_access::{ClaimsRequest, Issuer, IssuerKey, PolicySchema, PolicySet, Role, starter_policies};
use scopelog_archive::{Archive, Location};
use scopelog_audit::{Chain, Entry, Kind, SigningKey};
use scopelog_catalog::{PrincipalId, TeamName};
use scopelog_token::Keyring;
use scopelog_vault::VaultKeyPair;

use crate::args::{Global, InitArgs};
use crate::commands::credential;
use crate::error::{CliError, Usage};
use crate::house::{builtin_schemas, key_files, now};
use crate::place::Place;
use crate::{policies, private, terminal};

/// Makes an archive and says what to do next.
pub async fn run(global: &Global, args: &InitArgs) -> Result<(), CliError> {
    let place = Place::resolve(global)?;
    let teams = credential::teams(&args.teams)?;
    make(&place, &teams, &args.admin_expires).await?;
    let admin = place.key_file(key_files::ADMIN);
    terminal::note(global, format_args!("archive    {}", place.archive));
    terminal::note(global, format_args!("vault      {}", place.vault));
    terminal::note(
        global,
        format_args!(
            "keys       {} (keep {} elsewhere: only a reveal needs it)",
            place.keys.display(),
            key_files::OPENING
        ),
    );
    terminal::note(global, format_args!("state      {}", place.state.display()));
    terminal::note(
        global,
        format_args!(
            "next       scopelog credential issue --archive {} --credential {} --user NAME --team {} --role loader",
            place.archive,
            admin.display(),
            teams.first().map_or("TEAM", |t| t.as_str()),
        ),
    );
    Ok(())
}

/// Makes all parts of an archive: keys first, since nothing may be written that could not be audited.
pub async fn make(place: &Place, teams: &[TeamName], admin_expires: &str) -> Result<Archive, CliError> {
    let lifetime = credential::lifetime("admin-expires", admin_expires)?;
    if place.key_file(key_files::KEYRING).exists() || place.chain().exists() {
        return Err(Usage::Exists.into());
    }
    let location = Location::parse(&place.archive)?;
    // What lies there already would be taken for a part of the archive.
    if location.path().is_some_and(|path| fs::read_dir(path).is_ok_and(|mut inside| inside.next().is_some())) {
        return Err(Usage::NotEmpty.into());
    }
    let archive = Archive::create(&location).await?;
    directory(&place.keys)?;
    directory(&place.state)?;
    if Location::parse(&place.vault)?.path().is_some() {
        directory(Path::new(&place.vault))?;
    }
    let audit = SigningKey::generate()?;
    audit.save(&place.key_file(key_files::AUDIT))?;
    Chain::create(&place.chain(), &audit, now())?;
    let chain = Chain::open(&place.chain(), audit)?;
    let names: Vec<String> = teams.iter().map(ToString::to_string).collect();
    chain
        .append(
            &Entry::new(Kind::Initialised, "custodian", now())
                .with_detail("archive", archive.id())
                .with_detail("teams", names),
        )
        .map(drop)?;

    Keyring::generate()?.save_new(&place.key_file(key_files::KEYRING))?;
    let vault = VaultKeyPair::generate()?;
    vault.opening.save(&place.key_file(key_files::OPENING))?;
    private::write(&place.key_file(key_files::SEALING), vault.sealing.to_string().as_bytes())?;
    chain
        .append(
            &Entry::new(Kind::KeyCreated, "custodian", now()).with_detail("vault_key", vault.sealing.id().to_string()),
        )
        .map(drop)?;

    policies::write_files(&archive, &starter_policies(teams)).await?;
    let set = PolicySet::load(starter_policies(teams))?;
    let schema = PolicySchema::generate(&builtin_schemas(), teams)?;
    let policy = scopelog_access::ActivePolicy::activate(set, schema, None)?;
    chain
        .append(
            &Entry::new(Kind::Activated, "custodian", now())
                .with_detail("policy_version", policy.version().to_string()),
        )
        .map(drop)?;
    policies::activate(&archive, &policy).await?;

    let issuer_key = IssuerKey::generate()?;
    issuer_key.save(&place.key_file(key_files::ISSUER))?;
    let request = ClaimsRequest {
        principal: PrincipalId::user("administrator")?,
        // No team: administering access is no reason to read data.
        teams: vec![],
        role: Role::Administrator,
        purposes: Default::default(),
        os_user: None,
        lifetime,
    };
    let issuer = Issuer::new(issuer_key, archive.id());
    let (issued, token) = issuer.issue(&request, SystemTime::now())?;
    credential::record(place, &chain, "custodian", issued)?;
    private::write(&place.key_file(key_files::ADMIN), token.as_bytes())?;
    Ok(archive)
}

fn directory(path: &Path) -> Result<(), CliError> {
    let made = fs::create_dir_all(path).and_then(|()| private::close_to_others(path));
    made.map_err(|source| CliError::File { action: "make", path: path.to_owned(), source })
}
