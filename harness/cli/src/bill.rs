//! What a run on AWS costs: list prices from `fixtures/aws/prices.toml`, without free tiers.

use std::collections::BTreeMap;

use engine::Rates;
use plan::{Cost, Plan};
use serde::Deserialize;

use crate::Failure;

const PRICES: &str = include_str!("../../../fixtures/aws/prices.toml");

#[derive(Deserialize)]
struct Prices {
    /// Dollars for a thousand, by region.
    transitions: BTreeMap<String, f64>,
    requests: Requests,
}

/// Dollars for a million.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Requests {
    sqs_standard: f64,
    sns_publish: f64,
}

/// The prices of a region; those of the cheapest where none is named.
pub(crate) fn rates(region: Option<&str>) -> Result<Rates, Failure> {
    let prices: Prices = toml::from_str(PRICES)
        .map_err(|why| Failure::Broken(format!("fixtures/aws/prices.toml: {why}; repair the file")))?;
    let transition = region
        .and_then(|region| prices.transitions.get(region))
        .or_else(|| prices.transitions.get("default"))
        .ok_or_else(|| {
            Failure::Broken("fixtures/aws/prices.toml names no default price; repair the file".to_owned())
        })?;
    Ok(Rates {
        transition: transition / 1e3,
        sqs_request: prices.requests.sqs_standard / 1e6,
        sns_request: prices.requests.sns_publish / 1e6,
    })
}

/// The prediction for these plans, from above.
pub(crate) fn predicted(plans: &[Plan]) -> Cost {
    let mut cost = Cost::default();
    for plan in plans {
        cost += Cost::of(plan);
    }
    cost
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dear_regions_are_dearer() {
        let cost = Cost { transitions: 1_000_000, ..Cost::default() };
        let dollars = |region| rates(region).unwrap().dollars(cost);
        assert!((dollars(Some("us-east-1")) - 25.0).abs() < 1e-9);
        assert!(dollars(Some("sa-east-1")) > dollars(Some("eu-west-1")));
        assert!((dollars(None) - dollars(Some("us-east-1"))).abs() < f64::EPSILON);
    }

    #[test]
    fn every_profile_has_a_price() {
        let price = |profile| rates(None).unwrap().dollars(predicted(&plan::generate(profile, 1, None)));
        let (smoke, core) = (price(plan::Profile::Smoke), price(plan::Profile::Core));
        assert!(0.0 < smoke && smoke < core, "{smoke} {core}");
    }
}
