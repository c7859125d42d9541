//! Texts with holes in them, and what another text says about the holes.
//!
//! AWS joins texts without a mark between them, so that `a-b-1` may be `a` and `b-1`, or `a-b` and `1`. What it does not do: making
//! stand-ins, comparing values. Invariant: a text that can be read in several ways proves nothing, and is never refused.

use std::collections::BTreeMap;

use super::{World, mark};

/// The texts of the holes, by their names.
pub(super) type Filled = BTreeMap<String, String>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    Hole(String),
}

/// The common pattern of two texts that differ by stand-ins alone.
pub(super) fn common(one: &str, two: &str) -> Option<Vec<Part>> {
    let (one, two) = (parts(World::One, one), parts(World::Two, two));
    (one == two).then_some(one)
}

fn parts(world: World, text: &str) -> Vec<Part> {
    let close = mark(world);
    let open = format!("{close}-");
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(&open) {
        let Some((hole, after)) = after.split_once(&format!("-{close}")) else { break };
        if !before.is_empty() {
            found.push(Part::Text(before.to_owned()));
        }
        found.push(Part::Hole(hole.to_owned()));
        rest = after;
    }
    if !rest.is_empty() {
        found.push(Part::Text(rest.to_owned()));
    }
    found
}

/// How the parts read where the holes are as far as they are known.
pub(super) fn shown(parts: &[Part], filled: &Filled) -> String {
    let part = |part: &Part| match part {
        Part::Text(text) => text.clone(),
        Part::Hole(hole) => filled.get(hole).cloned().unwrap_or_else(|| format!("<{hole}>")),
    };
    parts.iter().map(part).collect()
}

/// What a text says of the holes in a pattern.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// It cannot be read so.
    Impossible,
    /// There is one way to read it: what it says of the holes that were not known.
    Certain(Filled),
    /// There are several ways.
    Ambiguous,
}

/// Where as many places of a text were looked at, it counts as ambiguous.
const EFFORT: usize = 1_000_000;

/// Reads a text by a pattern, some of whose holes are known. No hole is empty.
pub(super) fn read(parts: &[Part], text: &str, filled: &Filled) -> Reading {
    let mut search = Search { known: filled, found: Vec::new(), effort: EFFORT };
    search.look(parts, text, &mut Filled::new());
    match (search.found.pop(), search.found.is_empty() && search.effort > 0) {
        (None, true) => Reading::Impossible,
        (Some(found), true) => Reading::Certain(found),
        _ => Reading::Ambiguous,
    }
}

struct Search<'f> {
    known: &'f Filled,
    found: Vec<Filled>,
    effort: usize,
}

impl Search<'_> {
    /// Goes down once for each hole that is not known, so never deep.
    fn look(&mut self, mut parts: &[Part], mut rest: &str, guessed: &mut Filled) {
        while let [part, after @ ..] = parts {
            parts = after;
            let known = match part {
                Part::Text(text) => Some(text),
                Part::Hole(hole) => self.known.get(hole).or_else(|| guessed.get(hole)),
            };
            match (known, part) {
                (Some(known), _) => match rest.strip_prefix(known.as_str()) {
                    Some(after) => rest = after,
                    None => return,
                },
                (None, Part::Text(_)) => return,
                (None, Part::Hole(hole)) => return self.guess(hole, parts, rest, guessed),
            }
        }
        if rest.is_empty() {
            self.found.push(guessed.clone());
        }
    }

    fn guess(&mut self, hole: &str, parts: &[Part], rest: &str, guessed: &mut Filled) {
        let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]).filter(|at| *at > 0);
        for (value, after) in ends.filter_map(|at| rest.split_at_checked(at)) {
            if self.effort == 0 || self.found.len() > 1 {
                break;
            }
            self.effort -= 1;
            let goes_on = match parts.first() {
                None => after.is_empty(),
                Some(Part::Text(text)) => after.starts_with(text.as_str()),
                Some(Part::Hole(_)) => !after.is_empty(),
            };
            if goes_on {
                guessed.insert(hole.to_owned(), value.to_owned());
                self.look(parts, after, guessed);
                guessed.remove(hole);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(holes: &[(&str, &str)]) -> Filled {
        holes.iter().map(|(hole, text)| ((*hole).to_owned(), (*text).to_owned())).collect()
    }

    /// `<x>` is a hole.
    fn reading(pattern: &str, text: &str, known: &[(&str, &str)]) -> Reading {
        let written = pattern.replace('<', "q7one-").replace('>', "-q7one");
        read(&parts(World::One, &written), text, &filled(known))
    }

    #[test]
    fn a_text_behind_a_hole_may_occur_inside_of_it() {
        assert_eq!(reading("<e>-1", "exec-1-1", &[]), Reading::Certain(filled(&[("e", "exec-1")])));
        assert_eq!(reading("<e>--", "e---", &[]), Reading::Certain(filled(&[("e", "e-")])));
        assert_eq!(reading("<e>-1", "exec-2", &[]), Reading::Impossible);
        assert_eq!(reading("<e>-1", "-1", &[]), Reading::Impossible);
    }

    #[test]
    fn what_can_be_read_in_several_ways_tells_nothing() {
        assert_eq!(reading("<m>-<e>", "my-machine-1", &[]), Reading::Ambiguous);
        assert_eq!(reading("<m><e>", "abc", &[]), Reading::Ambiguous);
        assert_eq!(reading("<m><e>", "ab", &[]), Reading::Certain(filled(&[("m", "a"), ("e", "b")])));
    }

    #[test]
    fn what_is_known_decides() {
        let certain = |hole, text| Reading::Certain(filled(&[(hole, text)]));
        assert_eq!(reading("<m>-<e>", "my-machine-1", &[("m", "my-machine")]), certain("e", "1"));
        assert_eq!(reading("<m>-<e>", "my-machine-1", &[("e", "1")]), certain("m", "my-machine"));
        assert_eq!(reading("<m>-<e>", "my-machine-1", &[("e", "2")]), Reading::Impossible);
        assert_eq!(reading("<m>/<m>", "a/b", &[]), Reading::Impossible);
    }

    #[test]
    fn a_search_without_end_is_given_up() {
        let text = "a".repeat(100_000);
        assert_eq!(reading("<m>a<e>a<r>b", &text, &[]), Reading::Ambiguous);
        let many = "<e>,".repeat(100_000);
        assert_eq!(reading(&many, &"x;".repeat(100_000), &[]), Reading::Impossible);
    }
}
