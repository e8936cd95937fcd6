use std::io::Read;
use std::path::Path;

use scopelog_catalog::{Epoch, Realm, TeamName};
use zeroize::Zeroizing;

use crate::keyfile::{self, Line};
use crate::per_domain::PerDomain;
use crate::secret::{Secret, info};
use crate::{BridgeKey, Calendar, EpochState, Error, FingerprintKey, KeyringId, LoaderKeys, RootKey};

const HEADING: &str = "scopelog keyring 1";
const FINGERPRINT_LABEL: &str = "scopelog/fingerprint/v1";
const ID_LABEL: &str = "scopelog/keyring/v1";

/// The root key, the key calendar, and a secret of its own for every epoch that lives.
///
/// Its file is text: a heading, the root, one line per epoch. Whoever has it can compute every token, so it stays with the
/// custodian; loaders get [`LoaderKeys`].
#[derive(Clone)]
pub struct Keyring {
    root: RootKey,
    calendar: Calendar,
    // Invariant: one for each epoch of the calendar that is not destroyed.
    secrets: Vec<(Epoch, Secret)>,
}

impl Keyring {
    /// Draws a new root and a first epoch, which lasts until a rotation.
    pub fn generate() -> Result<Self, Error> {
        Ok(Self {
            root: RootKey::generate()?,
            calendar: Calendar::first(),
            secrets: vec![(Epoch::FIRST, Secret::generate()?)],
        })
    }

    /// Reads a keyring file. A file that others than its owner may read or write is refused.
    pub fn load(path: &Path) -> Result<Self, Error> {
        Self::read(keyfile::open(path)?)
    }

    /// Reads a keyring from a stream, such as the output of a command that asks a key service.
    pub fn read(reader: impl Read) -> Result<Self, Error> {
        let text = keyfile::read(reader)?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, Error> {
        let mut root = None;
        let (mut states, mut secrets) = (Vec::new(), Vec::new());
        for line in keyfile::lines(text, HEADING, "expected the heading `scopelog keyring 1`")? {
            match line.words.as_slice() {
                ["root", hex] if root.is_none() => {
                    root = Some(Secret::from_hex(hex).ok_or(line.error("the root is 64 hexadecimal digits"))?);
                }
                ["epoch", number, "from", from, rest @ ..] => {
                    let (state, secret) = parse_epoch(&line, number, from, rest)?;
                    states.push(state);
                    secrets.extend(secret.map(|secret| (state.epoch, secret)));
                }
                _ => return Err(line.error("expected one `root` line, and `epoch` lines")),
            }
        }
        let root = root.ok_or(Error::KeySyntax { line: 1, rule: "there is no `root` line" })?;
        Ok(Self { root: RootKey(root), calendar: Calendar::new(states)?, secrets })
    }

    /// Writes the keyring to a new file with mode 0600. An existing file is never overwritten.
    pub fn save_new(&self, path: &Path) -> Result<(), Error> {
        keyfile::create(path, &self.to_text())
    }

    /// Replaces a keyring file in one step, as after a rotation.
    ///
    /// Its former content may survive on the device: what destroys a key uses [`Keyring::save_over_and_wipe`].
    pub fn save_over(&self, path: &Path) -> Result<(), Error> {
        keyfile::replace(path, &self.to_text())
    }

    /// Replaces a keyring file in one step and overwrites the former content, as after the destruction of a key.
    ///
    /// Where a device writes to another place what is overwritten, its own encryption or wiping has to see to the rest.
    pub fn save_over_and_wipe(&self, path: &Path) -> Result<(), Error> {
        keyfile::replace_and_wipe(path, &self.to_text())
    }

    /// Which keyring this is, whatever its epochs.
    pub fn id(&self) -> Result<KeyringId, Error> {
        let key = self.root.0.expand(&[], &[&info(&[ID_LABEL.as_bytes()])])?;
        Ok(KeyringId::from_mac(aws_lc_rs::hmac::sign(&key.hmac_key(), ID_LABEL.as_bytes()).as_ref()))
    }

    fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(4096 + 128 * self.calendar.epochs().len()));
        text.push_str(HEADING);
        text.push_str(
            "\n# Whoever has this file can compute every token. Times are microseconds since 1970, UTC.\nroot ",
        );
        text.push_str(&self.root.0.to_hex());
        text.push('\n');
        for state in self.calendar.epochs() {
            let bridged = if state.bridged { "bridged " } else { "" };
            text.push_str(&format!("epoch {} from {} {bridged}", state.epoch, keyfile::format_from(state.from)));
            match self.secret(state.epoch) {
                Ok(secret) => {
                    text.push_str("secret ");
                    text.push_str(&secret.to_hex());
                }
                Err(_) => text.push_str("destroyed"),
            }
            text.push('\n');
        }
        text
    }

    fn secret(&self, epoch: Epoch) -> Result<&Secret, Error> {
        let state = self.calendar.get(epoch).ok_or(Error::UnknownEpoch { epoch })?;
        let found = self.secrets.iter().find(|(of, _)| *of == state.epoch);
        found.map(|(_, secret)| secret).ok_or(Error::DestroyedEpoch { epoch })
    }

    /// Which epoch is current at which time.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The newest epoch.
    pub fn current_epoch(&self) -> Epoch {
        self.calendar.current()
    }

    /// Every epoch, oldest first.
    pub fn epochs(&self) -> &[EpochState] {
        self.calendar.epochs()
    }

    /// The epoch that is current at a time (µs since 1970, UTC).
    pub fn epoch_at(&self, time: i64) -> Epoch {
        self.calendar.epoch_at(time)
    }

    /// Begins a new epoch at a time (µs since 1970, UTC) after the beginning of the newest.
    pub fn rotate(&mut self, from: i64) -> Result<Epoch, Error> {
        self.begin(from, false)
    }

    /// The same, with a bridge: while the former key lives, loads keep what each value's token was.
    pub fn rotate_with_bridge(&mut self, from: i64) -> Result<Epoch, Error> {
        self.begin(from, true)
    }

    fn begin(&mut self, from: i64, bridged: bool) -> Result<Epoch, Error> {
        let epoch = self
            .current_epoch()
            .next()
            .ok_or(Error::Calendar { rule: "all 255 epochs of this keyring are used up" })?;
        if self.epochs().last().is_some_and(|newest| from <= newest.from) {
            let rule = "the newest epoch begins at this moment or later: try again, and look at this machine's clock";
            return Err(Error::Calendar { rule });
        }
        let mut states = self.calendar.epochs().to_vec();
        states.push(EpochState { epoch, from, destroyed: false, bridged });
        let calendar = Calendar::new(states)?;
        self.secrets.push((epoch, Secret::generate()?));
        self.calendar = calendar;
        Ok(epoch)
    }

    /// Forgets the secret of an epoch: its tokens can never be computed again. The newest epoch cannot be destroyed.
    pub fn destroy(&mut self, epoch: Epoch) -> Result<(), Error> {
        self.secret(epoch)?;
        let mut states = self.calendar.epochs().to_vec();
        states.iter_mut().filter(|state| state.epoch == epoch).for_each(|state| state.destroyed = true);
        self.calendar = Calendar::new(states)?;
        self.secrets.retain(|(of, _)| *of != epoch);
        Ok(())
    }

    /// Derives the keys of some realms and epochs, for those who must not have the root.
    pub fn derive(&self, realms: &[Realm], epochs: &[Epoch]) -> Result<LoaderKeys, Error> {
        let mut keys = LoaderKeys::new(self.id()?, self.calendar.clone());
        for &epoch in epochs {
            let secret = self.secret(epoch)?;
            for realm in realms {
                let of_realm = PerDomain::build(|domain| self.root.token_key(secret, realm, domain, epoch))?;
                keys.insert(realm.clone(), epoch, of_realm);
            }
        }
        Ok(keys)
    }

    /// Derives what a team's loader needs: the keys of the shared realm and its own in the current epoch and, while there is
    /// a bridge, in the one before it.
    pub fn derive_for_loads(&self, team: &TeamName) -> Result<LoaderKeys, Error> {
        let current = self.current_epoch();
        let former = self.calendar.former(current);
        let epochs: Vec<Epoch> = former.into_iter().chain([current]).collect();
        let mut keys = self.derive(&[Realm::Shared, Realm::Team(team.clone())], &epochs)?;
        if let Some(former) = former {
            keys.set_bridge(self.bridge_key(current, former)?);
        }
        Ok(keys)
    }

    /// The keys of the bridges that there are: of epochs that have one and whose former key lives.
    pub fn bridges(&self) -> Result<Vec<BridgeKey>, Error> {
        let bridged = self.epochs().iter().filter_map(|state| Some((state.epoch, self.calendar.former(state.epoch)?)));
        bridged.map(|(epoch, former)| self.bridge_key(epoch, former)).collect()
    }

    fn bridge_key(&self, epoch: Epoch, former: Epoch) -> Result<BridgeKey, Error> {
        BridgeKey::derive(&self.root.0, self.secret(former)?, epoch, former)
    }

    /// The key for fingerprints of what is not a token, such as the string literals of an audited query.
    pub fn fingerprint_key(&self) -> Result<FingerprintKey, Error> {
        let info = info(&[FINGERPRINT_LABEL.as_bytes()]);
        Ok(FingerprintKey::new(&self.root.0.expand(&[], &[&info])?))
    }
}

fn parse_epoch(
    line: &Line<'_>,
    number: &str,
    from: &str,
    rest: &[&str],
) -> Result<(EpochState, Option<Secret>), Error> {
    let epoch = number.parse().map_err(|_| line.error("an epoch's number is 1 to 255"))?;
    let from = keyfile::parse_from(from).ok_or(line.error("an epoch begins at a number of µs, or `always`"))?;
    let (bridged, rest) = match rest {
        ["bridged", rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let secret = match rest {
        ["secret", hex] => Some(Secret::from_hex(hex).ok_or(line.error("a secret is 64 hexadecimal digits"))?),
        ["destroyed"] => None,
        _ => return Err(line.error("an epoch has a `secret` or is `destroyed`")),
    };
    Ok((EpochState { epoch, from, destroyed: secret.is_none(), bridged }, secret))
}
