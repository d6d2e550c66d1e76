//! `ulna bench`.

use anyhow::Result;
use ulna_bench as benches;
use ulna_outside::Text;

use crate::args::BenchCommand;
use crate::outcome::Outcome;
use crate::output;

pub(crate) fn bench(bench: &BenchCommand, json: bool) -> Result<Outcome> {
    let result = match bench {
        BenchCommand::Bus { adapter } if adapter.is_empty() => benches::bus()?,
        BenchCommand::Bus { adapter } => benches::adapters(adapter)?,
        BenchCommand::Bridge => benches::bridge()?,
        BenchCommand::Cameras => benches::cameras()?,
        BenchCommand::Codecs => benches::codecs()?,
        BenchCommand::Policy => benches::policy(None)?,
        BenchCommand::Record => benches::record()?,
        BenchCommand::Sim {
            grasp: true,
            trials,
            seed,
            ..
        } => benches::grasp(*seed, *trials)?,
        BenchCommand::Sim { physics, .. } => benches::sim(*physics)?,
        BenchCommand::Read { dataset } => benches::read(dataset.as_deref())?,
    };
    if json {
        output::json(&serde_json::to_value(&result)?)?;
    } else {
        output::text(&Text::split(result.table()))?;
    }
    Ok(Outcome::Done)
}
