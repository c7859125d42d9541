//! Placeholders in the strings of a plan: `${token:1.2|cut}`, `${exec:1}`, `${queue}`.
//!
//! A string that is one placeholder takes the value itself; others take its text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The most bytes that a filling has: a plan from elsewhere must not take all memory.
const FILL_MOST: usize = 16 << 20;

/// What a placeholder stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placeholder<'a> {
    /// `${queue}`, `${dead-letter}`, `${notifications}`: queue URLs. `${topic}`: the topic's ARN. `${role}`: a role's ARN.
    /// `${function}`: the name of the plan's function.
    /// `${run}`: a text unique to the plan in its run. `${queue-arn}`.
    Place(&'a str),
    /// `${machine:NAME}`: a machine's ARN.
    Machine(&'a str),
    /// `${exec:N}`: an execution's ARN.
    Execution(u32),
    /// `${name:N}`: an execution's name.
    Name(u32),
    /// `${token:EXEC.N}` with filters.
    Token(u32, u32, Vec<Filter>),
    /// `${bind:NAME.path.0}`: part of a kept reply.
    Bound(&'a str, Vec<&'a str>),
    /// `${fill:COUNT:TEXT}`: the text, again and again, up to 16 MiB of it.
    Fill(usize, &'a str),
}

/// A change to a token that makes it a wrong one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Without its last quarter.
    Cut,
    /// With more characters behind it.
    Extend,
    /// One character in its middle changed.
    Change,
    /// Letters' case changed.
    Case,
    /// A blank before and behind.
    Blank,
    /// Percent-encoded.
    Percent,
    /// Its own base64.
    Base64,
    /// Its two halves changed over.
    Halves,
    /// Its first character changed.
    First,
    /// Its last character changed, so that it says something else in base64, too.
    Last,
}

impl Filter {
    /// All of them, with their names.
    pub const ALL: [(&'static str, Self); 10] = [
        ("cut", Self::Cut),
        ("extend", Self::Extend),
        ("change", Self::Change),
        ("case", Self::Case),
        ("blank", Self::Blank),
        ("percent", Self::Percent),
        ("base64", Self::Base64),
        ("halves", Self::Halves),
        ("first", Self::First),
        ("last", Self::Last),
    ];

    /// The wrong token.
    pub fn apply(self, token: &str) -> String {
        let characters: Vec<char> = token.chars().collect();
        let half = characters.len() / 2;
        let turned = |place: usize, to: fn(char) -> char| {
            characters.iter().enumerate().map(|(at, c)| if at == place { to(*c) } else { *c }).collect()
        };
        match self {
            Self::Cut => characters[..characters.len() - characters.len() / 4].iter().collect(),
            Self::Extend => format!("{}AAAA", characters.iter().take(2040).collect::<String>()),
            Self::Change => turned(half, |c| if c == 'A' { 'B' } else { 'A' }),
            Self::Case => characters
                .iter()
                .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
                .collect(),
            Self::Blank => format!(" {} ", characters.iter().take(2046).collect::<String>()),
            Self::Percent => {
                token.bytes().take(682).fold(String::new(), |text, byte| text + &format!("%{byte:02X}"))
            }
            Self::Base64 => STANDARD.encode(token).chars().take(2048).collect(),
            Self::First => turned(0, |c| if c == 'A' { 'B' } else { 'A' }),
            // 'g' differs from 'A' in its first bit: the last bits of a last character may stand for nothing.
            Self::Last => turned(characters.len().saturating_sub(1), |c| if c == 'A' { 'g' } else { 'A' }),
            Self::Halves => characters[half..].iter().chain(&characters[..half]).collect(),
        }
    }
}

/// The placeholder that a string consists of, if it is one and nothing else.
pub fn whole(text: &str) -> Option<Placeholder<'_>> {
    let inner = text.strip_prefix("${")?.strip_suffix('}')?;
    if inner.contains("${") || inner.contains('}') { None } else { read(inner) }
}

/// The parts of a string: literal text, and placeholders with the text they were written as.
pub fn holders(text: &str) -> Vec<Result<Placeholder<'_>, &str>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let Some(length) = rest[at..].find('}') else { break };
        let (before, from) = rest.split_at(at);
        if let Some(found) = read(&from[2..length]) {
            parts.push(Err(before));
            parts.push(Ok(found));
            rest = &from[length + 1..];
        } else {
            parts.push(Err(&rest[..at + 2]));
            rest = &rest[at + 2..];
        }
    }
    parts.push(Err(rest));
    parts
}

fn read(inner: &str) -> Option<Placeholder<'_>> {
    let (head, rest) = inner.split_once(':').unwrap_or((inner, ""));
    Some(match head {
        "queue" | "dead-letter" | "notifications" | "topic" | "role" | "run" | "queue-arn" | "function" => {
            Placeholder::Place(head)
        }
        "machine" => Placeholder::Machine(rest),
        "exec" => Placeholder::Execution(rest.parse().ok()?),
        "name" => Placeholder::Name(rest.parse().ok()?),
        "token" => {
            let mut parts = rest.split('|');
            let (exec, number) = parts.next()?.split_once('.')?;
            let filters: Option<Vec<Filter>> = parts
                .map(|name| Filter::ALL.iter().find(|(known, _)| *known == name).map(|(_, filter)| *filter))
                .collect();
            Placeholder::Token(exec.parse().ok()?, number.parse().ok()?, filters?)
        }
        "bind" => {
            let mut parts = rest.split('.');
            Placeholder::Bound(parts.next()?, parts.collect())
        }
        "fill" => {
            let (count, text) = rest.split_once(':')?;
            let count: usize = count.parse().ok()?;
            count.checked_mul(text.len()).filter(|bytes| *bytes <= FILL_MOST)?;
            Placeholder::Fill(count, text)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_with_filters_is_read() {
        assert_eq!(whole("${token:1.2|cut}"), Some(Placeholder::Token(1, 2, vec![Filter::Cut])));
        assert_eq!(whole("x${queue}"), None);
        assert_eq!(holders("a${name:3}b"), vec![Err("a"), Ok(Placeholder::Name(3)), Err("b")]);
        assert_eq!(holders("${nothing}"), vec![Err("${"), Err("nothing}")]);
    }

    #[test]
    fn a_filling_beyond_16_mib_is_no_placeholder() {
        assert_eq!(whole("${fill:8388608:ab}"), Some(Placeholder::Fill(8 << 20, "ab")));
        assert_eq!(whole("${fill:8388609:ab}"), None);
        assert_eq!(whole(&format!("${{fill:{}:ab}}", usize::MAX)), None);
    }

    #[test]
    fn every_filter_changes_the_token_and_keeps_it_within_the_length_of_the_api() {
        let token = format!("AQCgAAAA{}", "KgAAAAMAAAAAAAAAAZ+/x=".repeat(20));
        for (name, filter) in Filter::ALL {
            let wrong = filter.apply(&token);
            assert_ne!(wrong, token, "{name}");
            assert!((1..=2048).contains(&wrong.chars().count()), "{name}");
        }
    }
}
