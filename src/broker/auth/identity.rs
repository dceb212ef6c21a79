//! Identity of a client, for the rules of an access list.

/// Identity of the client that is checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) username: Option<&'a str>,
}
