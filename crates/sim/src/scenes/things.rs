//! Scenes of things that can be touched, each a file of `configs/scenes`.

pub mod file;
pub(crate) mod goal;
mod judge;
pub(crate) mod layout;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ulna_core::Judge;
use ulna_core::joints::Joints;
use ulna_core::unit::AngleMap;
use ulna_robot::RobotKind;
use ulna_robot::kinematics::Chain;

use crate::contact::Fixture;
use crate::expert::Expert;
use crate::hand::{Hand, Operator};
use crate::scene::{Scene, SceneError};
use crate::scenes::look::Look;
use crate::scenes::look::file::LookSpec;
use crate::sight::Sight;
use crate::visual::{Object, TableTop, VisualScene};
use file::SceneFile;
use goal::{Goal, Task};
use judge::ThingsJudge;
pub use layout::{Layout, Thing};

/// Layouts that are tried when a scene is set up, so that none is found impossible later on.
const TRIED: u64 = 16;

/// A scene of things around one arm.
#[derive(Debug)]
pub(crate) struct Things {
    file: Arc<SceneFile>,
    look: LookSpec,
    task: Arc<Task>,
    table: TableTop,
    chain: Chain,
    seed: u64,
}

impl Things {
    /// Sets the scene up around one arm. `words` is the session's task, which says which of several is meant; the seed does where nothing is said.
    pub(crate) fn new(
        name: &str,
        file: &Arc<SceneFile>,
        kind: &RobotKind,
        seed: u64,
        words: Option<&str>,
    ) -> Result<Self, SceneError> {
        let table = VisualScene::of(kind).table;
        for number in 0..TRIED {
            layout::draw(file, &table, seed, number).ok_or_else(|| SceneError::NoRoom {
                scene: name.to_owned(),
                number,
            })?;
        }
        let choice = choice(name, file, seed, words)?;
        let text = choice.map(|choice| choice.task.clone());
        let task = Task {
            scene: name.to_owned(),
            text: text.or_else(|| file.task.clone()).unwrap_or_default(),
            goals: Goal::all(file, choice.map(|choice| choice.object.as_str())),
            hold: file.hold_s,
            limit: file.time_limit_s,
        };
        Ok(Self {
            file: Arc::clone(file),
            look: file.look(),
            task: Arc::new(task),
            table,
            chain: Chain::new(kind),
            seed,
        })
    }
}

/// Which of several tasks is meant.
fn choice<'a>(
    name: &str,
    file: &'a SceneFile,
    seed: u64,
    words: Option<&str>,
) -> Result<Option<&'a file::ChoiceSpec>, SceneError> {
    if file.choices.is_empty() {
        return Ok(None);
    }
    let Some(words) = words else {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(u64::MAX);
        return Ok(file.choices.get(random.random_range(0..file.choices.len())));
    };
    let spoken = words.to_lowercase();
    let mut meant = file
        .choices
        .iter()
        .filter(|choice| spoken.contains(&choice.word.to_lowercase()));
    match (meant.next(), meant.next()) {
        (Some(choice), None) => Ok(Some(choice)),
        _ => Err(SceneError::UnclearTask {
            scene: name.to_owned(),
            task: words.to_owned(),
            known: file
                .choices
                .iter()
                .map(|choice| format!("\"{}\"", choice.task))
                .collect::<Vec<_>>()
                .join(" or "),
        }),
    }
}

impl Scene for Things {
    /// The bins; what moves is drawn where it is.
    fn fixtures(&self, _surroundings: &VisualScene) -> Vec<(String, Object)> {
        let parts = self.file.bins.iter().flat_map(|bin| {
            let names = ["floor", "front", "back", "left", "right"];
            let parts = layout::parts(bin, &self.table);
            let named = names.into_iter().zip(parts);
            named.map(|(part, object)| (format!("{}_{part}", bin.name), object))
        });
        parts.collect()
    }

    fn touchable(&self) -> Option<Vec<Fixture>> {
        Some(layout::fixtures(&self.file, &self.table))
    }

    fn layout(&self, number: u64) -> Option<Layout> {
        let drawn = layout::draw(&self.file, &self.table, self.seed, number);
        // One in a great many may be impossible; those that were tried are not.
        drawn.or_else(|| {
            let tried = layout::draw(&self.file, &self.table, self.seed, number % TRIED);
            tried.map(|layout| Layout { number, ..layout })
        })
    }

    fn look(&self, number: u64, varied: bool) -> Option<Look> {
        let textures = self.file.objects.iter();
        let textures = textures.map(|object| object.textures.as_slice());
        Some(self.look.draw(textures, self.seed, number, varied))
    }

    fn names(&self) -> Vec<String> {
        let objects = self.file.objects.iter();
        objects.map(|object| object.name.clone()).collect()
    }

    fn task(&self) -> Option<&dyn crate::scene::Task> {
        Some(self)
    }
}

impl crate::scene::Task for Things {
    fn text(&self) -> Option<&str> {
        Some(&self.task.text)
    }

    fn time_limit(&self) -> Option<f64> {
        Some(self.file.time_limit_s)
    }

    /// A hand that does not know the task.
    fn operator(&self, leader: &RobotKind, seed: u64) -> Box<dyn Operator> {
        Box::new(Hand::new(leader, seed))
    }

    fn expert(&self, leader: &RobotKind, seed: u64, sight: &Sight) -> Option<Box<dyn Operator>> {
        let expert = Expert::new(leader, Arc::clone(&self.task), sight.clone(), seed)?;
        Some(Box::new(expert))
    }

    fn judge(&self, angles: Joints<AngleMap>, sight: &Sight) -> Box<dyn Judge> {
        Box::new(ThingsJudge::new(
            Arc::clone(&self.task),
            self.chain.clone(),
            angles,
            sight.clone(),
        ))
    }
}
