//! A run as the text of a link: options, actions and a position, in base64url.

use alloc::string::String;
use alloc::vec::Vec;

use thiserror::Error;

use super::{Action, ActionError, Timeline, TimelineError, WorldOptions};

mod actions;
mod base64;
mod fields;
mod options;

use fields::Fields;

/// The version of the form. Another number is another form.
const VERSION: u8 = 1;
/// Bytes of the checksum at the end.
const CHECKSUM_BYTES: usize = 4;

/// A run of a world, which a link carries.
///
/// The broker's access list, its questions to a host, its redirect and its response information are
/// left out.
#[derive(Clone, Debug)]
pub struct SharedRun {
    /// Options of the world.
    pub options: WorldOptions,
    /// All actions since its beginning.
    pub actions: Vec<Action>,
    /// The position: so many actions of users and events have happened.
    pub moment: u64,
}

/// A link that is no run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ShareError {
    /// A character that base64url does not have.
    #[error("character {offset} of the link is {character:?}; copy the whole link, of letters, digits, - and _")]
    Character {
        /// Its index, from 0.
        offset: usize,
        /// The character.
        character: char,
    },
    /// The checksum differs: characters are missing or were changed.
    #[error("the link is damaged: its checksum differs; copy the whole link")]
    Checksum,
    /// The link is of another version of this crate.
    #[error("the link has the form {0}, and this version reads {VERSION}; open it with the version that made it")]
    Version(u8),
    /// A field is missing, or has a value that is not allowed.
    #[error("the link is damaged at byte {0}")]
    Field(usize),
    /// The world refuses an action.
    #[error("action {index} of the link cannot be done: {error}")]
    Action {
        /// Its index.
        index: usize,
        /// Why.
        error: ActionError,
    },
    /// The position is beyond the end of the run.
    #[error("the link's position is not in its run: {0}")]
    Position(TimelineError),
}

impl SharedRun {
    /// The current branch of a timeline, at its present moment.
    #[must_use]
    pub fn of(timeline: &Timeline) -> Self {
        let world = timeline.world();
        Self { options: world.options().clone(), actions: timeline.branch().actions.clone(), moment: world.moments() }
    }

    /// Returns the text of a link.
    #[must_use]
    pub fn to_link(&self) -> String {
        let mut fields = Fields::writer();
        let mut run = self.clone();
        // Nothing is refused in writing.
        let written = all(&mut fields, &mut run);
        debug_assert!(written.is_ok(), "{written:?}");
        let mut bytes = vec![VERSION];
        bytes.extend(fields.written());
        bytes.extend(checksum(&bytes));
        base64::encode(&bytes)
    }

    /// Reads the text of a link.
    ///
    /// # Errors
    /// [`ShareError`], but for `Action` and `Position`.
    pub fn from_link(link: &str) -> Result<Self, ShareError> {
        let bytes = base64::decode(link.trim())?;
        let Some((body, sum)) = bytes.split_last_chunk::<CHECKSUM_BYTES>() else { return Err(ShareError::Checksum) };
        if checksum(body) != *sum {
            return Err(ShareError::Checksum);
        }
        let Some((version, body)) = body.split_first() else { return Err(ShareError::Checksum) };
        if *version != VERSION {
            return Err(ShareError::Version(*version));
        }
        let mut run = Self { options: WorldOptions::default(), actions: Vec::new(), moment: 0 };
        let mut fields = Fields::reader(body);
        all(&mut fields, &mut run)?;
        fields.end()?;
        Ok(run)
    }

    /// Does the actions in a new world, and goes to the position.
    ///
    /// # Errors
    /// [`ShareError::Action`] and [`ShareError::Position`].
    pub fn replay(self) -> Result<Timeline, ShareError> {
        let mut timeline = Timeline::replay(self.options, &self.actions)
            .map_err(|(index, error)| ShareError::Action { index, error })?;
        if self.moment != timeline.world().moments() {
            timeline.rewind_to(self.moment).map_err(ShareError::Position)?;
        }
        Ok(timeline)
    }
}

/// Reads or writes all fields.
fn all(fields: &mut Fields<'_>, run: &mut SharedRun) -> Result<(), ShareError> {
    options::world(fields, &mut run.options)?;
    fields.number(&mut run.moment)?;
    actions::all(fields, &mut run.actions)
}

/// FNV-1a, folded.
fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let hash = bytes.iter().fold(0x811C_9DC5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    hash.to_be_bytes()
}
