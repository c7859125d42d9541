//! The parts of Step Functions ARNs (START-02).

/// An ARN of Step Functions, split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`.
    pub partition: &'a str,
    /// `eu-west-1`.
    pub region: &'a str,
    /// `123456789012`.
    pub account: &'a str,
    /// `stateMachine`, `execution`, `express`, `activity`.
    pub kind: &'a str,
    /// What follows: `name`, or `machine:name`.
    pub rest: &'a str,
}

impl<'a> Arn<'a> {
    /// Splits an ARN of Step Functions; nothing else passes.
    pub fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(7, ':');
        let (arn, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
        let (region, account, kind) = (parts.next()?, parts.next()?, parts.next()?);
        let rest = parts.next()?;
        let whole = arn == "arn" && service == "states" && !partition.is_empty() && !rest.is_empty();
        whole.then_some(Self { partition, region, account, kind, rest })
    }

    /// The machine and the name of an execution ARN.
    pub fn execution(self) -> Option<(&'a str, &'a str)> {
        if self.kind == "execution" { self.rest.split_once(':') } else { None }
    }

    /// The machine of a machine ARN, without version or alias.
    pub fn machine(self) -> Option<&'a str> {
        (self.kind == "stateMachine").then(|| self.rest.split([':', '/']).next()).flatten()
    }
}

/// A machine ARN without version or alias.
pub fn unqualified(arn: &str) -> &str {
    match arn.match_indices(':').nth(6) {
        Some((end, _)) if arn.contains(":stateMachine:") => &arn[..end],
        _ => arn,
    }
}
