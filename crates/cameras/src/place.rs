//! Where a camera is, for messages.

/// An address without user and password; a place that is none as it is.
pub(crate) fn without_password(place: &str) -> String {
    let Some((scheme, rest)) = place.split_once("://") else {
        return place.to_owned();
    };
    // By hand: what is no sound address may hold a password all the same.
    let host_ends = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(host_ends);
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}
