//! Short names of joints.

/// `shoulder_pan` → `pan`: enough to know a joint by.
pub(crate) fn short(name: &str) -> String {
    for side in ["left_", "right_"] {
        if let Some(rest) = name.strip_prefix(side) {
            return format!("{side}{}", short(rest));
        }
    }
    let name = name.strip_prefix("arm_").unwrap_or(name);
    match name.rsplit_once('_') {
        Some((first, "flex")) => first.to_owned(),
        Some((_, last)) => last.to_owned(),
        None => name.to_owned(),
    }
}
