//! Any text that is typed or read is shown as text, a name that is taken is a name, and a time that is read is one.

use ulna_outside::text::{Text, is_printable};
use ulna_outside::{Printable, duration, name};
use ulna_sim::adapter::AdapterModel;
use ulna_sim::fault::FaultPlan;

pub(crate) fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let shown = Printable(&text).to_string();
    assert!(shown.chars().all(is_printable), "{shown:?}");
    for line in Text::split(&text).lines() {
        // Tabs of a text of several lines stay.
        assert!(
            line.chars().all(|c| c == '\t' || is_printable(c)),
            "{line:?}"
        );
    }
    let _ = duration(&text);
    if name::check(&text).is_ok() {
        assert!(!text.contains(['/', '\\', '\0']) && text != "." && text != "..");
    }
    let _ = FaultPlan::parse([text.as_ref()], 1, &[("elbow_flex", 3)]);
    let _ = text.parse::<AdapterModel>();
}
