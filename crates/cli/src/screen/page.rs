//! What stands on the screen, line for line.

use ulna_bringup::{ChecklistStep, StepState};
use ulna_outside::Printable;

/// Rows of news that a long checklist leaves room for.
const NEWS: usize = 4;

/// All that the screen shows.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) title: String,
    pub(super) steps: Vec<ChecklistStep>,
    /// Everything that was said, the latest last.
    pub(super) said: Vec<String>,
    /// What goes on now.
    pub(super) doing: Option<String>,
    pub(super) question: Option<String>,
}

/// At most `height - 1` lines of at most `width - 1` characters, the question's last: there its answer is typed, and the Enter key that
/// ends the answer must not scroll the screen.
pub(super) fn page(width: usize, height: usize, model: &Model) -> Vec<String> {
    let width = width.saturating_sub(1).max(1);
    let mut rows = height.saturating_sub(1);
    // First come, first served: who answers needs the question most, then what to do.
    let asked = model.question.as_deref().or(model.doing.as_deref());
    let mut asked = tail(wrap(asked.unwrap_or_default(), width), rows);
    if let (Some(last), true) = (asked.last_mut(), model.question.is_some()) {
        last.push(' ');
    }
    rows -= asked.len();
    let now = model.steps.iter().find(|step| step.state == StepState::Now);
    let mut order = now.map_or_else(Vec::new, |step| wrap(&format!("Now: {}", step.note), width));
    order.truncate(rows);
    rows -= order.len();
    let mut lines = Vec::new();
    if rows > 0 {
        let done = |step: &&ChecklistStep| step.state == StepState::Done;
        let count = model.steps.iter().filter(done).count();
        let title = format!("{} ({count} of {} done)", model.title, model.steps.len());
        lines.push(cut(&title, width));
        rows -= 1;
    }
    // Lines that only set the others apart come where there is plenty.
    let airy = rows >= model.steps.len() + NEWS + 4;
    let mut air = |lines: &mut Vec<String>, text: String| {
        if airy {
            lines.push(text);
            rows -= 1;
        }
    };
    air(&mut lines, "─".repeat(width));
    let mut apart = Vec::new();
    (0..3).for_each(|_| air(&mut apart, String::new()));
    let room = rows.saturating_sub(NEWS).max(rows.min(1));
    let list = checklist(&model.steps, room, width);
    rows -= list.len();
    lines.extend(list);
    lines.extend(apart.pop());
    lines.extend(order);
    lines.extend(apart.pop());
    let news = model.said.iter().flat_map(|text| wrap(text, width));
    let news = tail(news.collect(), rows);
    rows -= news.len();
    lines.extend(news);
    lines.extend((0..rows).map(|_| String::new()));
    lines.extend(apart.pop());
    lines.extend(asked);
    lines
}

/// As many steps as there are `rows`, that whose turn it is among them.
fn checklist(steps: &[ChecklistStep], rows: usize, width: usize) -> Vec<String> {
    let turn = steps.iter().position(|step| step.state == StepState::Now);
    let first = turn.unwrap_or(steps.len()).saturating_sub(rows / 2);
    let first = first.min(steps.len().saturating_sub(rows));
    let names = steps.iter().map(|step| step.name.chars().count());
    let column = names.max().unwrap_or(0).min(24);
    let line = |step: &ChecklistStep| {
        let (mark, note) = match step.state {
            StepState::ToCome => ('·', step.note.as_str()),
            StepState::Now => ('▶', "now"),
            StepState::Done => ('✓', step.note.as_str()),
        };
        cut(&format!("{mark} {:<column$}  {note}", step.name), width)
    };
    steps.iter().skip(first).take(rows).map(line).collect()
}

/// The last of `lines`, as many as there are `rows`.
fn tail(mut lines: Vec<String>, rows: usize) -> Vec<String> {
    lines.split_off(lines.len().saturating_sub(rows))
}

/// Without what would move the cursor, with an ellipsis for what does not fit.
fn cut(text: &str, width: usize) -> String {
    let mut line = Printable(text).to_string();
    if let Some((end, _)) = line.char_indices().nth(width) {
        line.truncate(end);
        line.pop();
        line.push('…');
    }
    line
}

/// Broken between words; a word that is longer than a line is cut.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
                lines.push(cut(&line, width));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(cut(&line, width));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(steps: usize, turn: usize) -> Model {
        let step = |place: usize| ChecklistStep {
            name: format!("joint_{place}"),
            state: match place.cmp(&turn) {
                std::cmp::Ordering::Less => StepState::Done,
                std::cmp::Ordering::Equal => StepState::Now,
                std::cmp::Ordering::Greater => StepState::ToCome,
            },
            note: format!("note {place}"),
        };
        Model {
            title: "ulna setup: follower".to_owned(),
            steps: (0..steps).map(step).collect(),
            said: (0..30).map(|number| format!("said {number}")).collect(),
            doing: None,
            question: Some("Press Enter (w wiggles, s skips):".to_owned()),
        }
    }

    #[test]
    fn shows_the_checklist_the_order_the_last_news_and_the_question() {
        let lines = page(80, 30, &model(7, 2));
        assert_eq!(lines.len(), 29);
        assert_eq!(lines[0], "ulna setup: follower (2 of 7 done)");
        assert_eq!(
            lines[2..6],
            [
                "✓ joint_0  note 0",
                "✓ joint_1  note 1",
                "▶ joint_2  now",
                "· joint_3  note 3"
            ]
        );
        assert!(lines.contains(&"Now: note 2".to_owned()));
        assert!(lines.contains(&"said 29".to_owned()));
        assert!(!lines.contains(&"said 0".to_owned()));
        assert_eq!(lines[28], "Press Enter (w wiggles, s skips): ");
    }

    #[test]
    fn a_small_screen_keeps_the_question_and_the_order() {
        let lines = page(20, 5, &model(7, 6));
        assert_eq!(
            lines,
            [
                "ulna setup: follow…",
                "Now: note 6",
                "Press Enter (w",
                "wiggles, s skips): "
            ]
        );
        let lines = page(40, 10, &model(20, 15));
        assert!(lines.contains(&"▶ joint_15  now".to_owned()), "{lines:?}");
    }

    #[test]
    fn every_size_holds_what_is_drawn() {
        let mut long = model(9, 4);
        long.title = "wide ".repeat(50);
        long.said
            .push(format!("{}\n\u{1b}[2Jtail\r", "x".repeat(300)));
        let quiet = Model::default();
        for (width, height) in (0..60).flat_map(|width| (0..40).map(move |height| (width, height)))
        {
            for model in [&long, &quiet] {
                let lines = page(width, height, model);
                assert!(lines.len() <= height.saturating_sub(1), "{width}x{height}");
                for line in lines {
                    assert!(line.chars().count() <= width.max(2), "{width}: {line}");
                    assert!(!line.contains(char::is_control), "{line:?}");
                }
            }
        }
    }
}
