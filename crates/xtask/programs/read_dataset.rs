//! Reads a LeRobot dataset: for each episode its length, its task and how far each joint went.

use ulna_dataset::Dataset;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("which dataset?")?;
    let dataset = Dataset::open(&folder)?;
    println!(
        "{folder}: {} episodes at {} fps",
        dataset.len(),
        dataset.fps()
    );
    for number in 0..dataset.len() {
        let episode = dataset.episode(number)?;
        let task = episode.task(0).unwrap_or("no task");
        println!("episode {number}: {} frames, {task}", episode.len());
        let action = episode.action()?;
        for (joint, name) in action.names().iter().enumerate() {
            let values = action.rows().map(|row| row[joint]);
            let (low, high) = values.fold((f64::MAX, f64::MIN), |(low, high), value| {
                (low.min(value), high.max(value))
            });
            println!("  {name}: {low:.1} to {high:.1}");
        }
    }
    Ok(())
}
