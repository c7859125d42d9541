//! The closed-form token check against a search in the manner of Wing and Gong (with Lowe's memory left out: the
//! histories are tiny), on a million generated histories.

use rules::token::{Closer, Interval, Move, Op, Register, linearizable};

/// Whether some order of the operations, each at a moment of its span, is a life of a write-once register.
///
/// A closer that surely closed the token is searched as two things: something that may close it, and a look that must
/// find it closed by the end of the closer's span.
fn search(register: &Register) -> bool {
    let looks = register.closers.iter().filter(|closer| closer.certain).map(|closer| Op {
        span: Interval { from: i64::MIN, to: closer.span.to },
        outcome: Move::RefusedAsClosed,
    });
    let ops: Vec<Op> = register.ops.iter().copied().chain(looks).collect();
    step(register, &ops, 0, State { now: i64::MIN, beat: i64::MIN, closed: false })
}

#[derive(Clone, Copy)]
struct State {
    now: i64,
    beat: i64,
    closed: bool,
}

/// Goes on from a state in every way: an operation that is still to come, at its earliest moment, or a closing from outside.
fn step(register: &Register, ops: &[Op], done: u32, state: State) -> bool {
    if done == (1 << ops.len()) - 1 {
        return true;
    }
    for (index, op) in ops.iter().enumerate() {
        let bit = 1 << index;
        if done & bit != 0 {
            continue;
        }
        let now = state.now.max(op.span.from);
        let in_time = now <= op.span.to;
        let took_effect = match op.outcome {
            Move::Completed => (in_time && !state.closed).then_some(State { now, closed: true, ..state }),
            Move::Beat => (in_time && !state.closed).then_some(State { now, beat: now, ..state }),
            Move::RefusedAsClosed => (in_time && state.closed).then_some(State { now, ..state }),
            // Nobody knows how long it was under way.
            Move::MaybeCompleted => (!state.closed).then_some(State { now, closed: true, ..state }),
            Move::MaybeBeat | Move::Ignored => None,
        };
        if took_effect.is_some_and(|next| step(register, ops, done | bit, next)) {
            return true;
        }
        let may_be_nothing = matches!(op.outcome, Move::MaybeCompleted | Move::MaybeBeat | Move::Ignored);
        if may_be_nothing && step(register, ops, done | bit, state) {
            return true;
        }
    }
    if state.closed {
        return false;
    }
    let close = |now: i64| step(register, ops, done, State { now, closed: true, ..state });
    let by_others = register.closers.iter().any(|closer| {
        let now = state.now.max(closer.span.from);
        now <= closer.span.to && close(now)
    });
    by_others
        || register
            .heartbeat
            .is_some_and(|(began, window)| close(state.now.max(began.max(state.beat) + window)))
}

struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn span(&mut self) -> Interval {
        let from = self.below(9) as i64;
        Interval { from, to: from + self.below(4) as i64 }
    }
}

fn draw(dice: &mut Dice) -> Register {
    let count = 1 + dice.below(4);
    let ops = (0..count)
        .map(|_| {
            let outcome = match dice.below(10) {
                0 | 1 => Move::Completed,
                2 => Move::MaybeCompleted,
                3 | 4 => Move::Beat,
                5 => Move::MaybeBeat,
                6..=8 => Move::RefusedAsClosed,
                _ => Move::Ignored,
            };
            Op { span: dice.span(), outcome }
        })
        .collect();
    let closers = match dice.below(4) {
        0 => vec![Closer { span: dice.span(), certain: dice.below(2) == 0 }],
        1 => vec![Closer { span: Interval { from: dice.below(9) as i64, to: i64::MAX }, certain: false }],
        _ => Vec::new(),
    };
    let heartbeat = (dice.below(4) == 0).then(|| (dice.below(3) as i64, 1 + dice.below(4) as i64));
    Register { ops, closers, heartbeat }
}

#[test]
fn closed_form_and_search_agree_on_a_million_histories() {
    let halves: Vec<_> = (0..2u64)
        .map(|half| {
            std::thread::spawn(move || {
                let mut dice = Dice(half * 7919 + 1);
                let (mut lawful, mut broken) = (0u32, 0u32);
                for _ in 0..500_000 {
                    let register = draw(&mut dice);
                    let (fast, slow) = (linearizable(&register).is_ok(), search(&register));
                    assert_eq!(fast, slow, "{register:?}");
                    if fast { lawful += 1 } else { broken += 1 }
                }
                (lawful, broken)
            })
        })
        .collect();
    for half in halves {
        let (lawful, broken) = half.join().unwrap();
        assert!(lawful > 50_000 && broken > 50_000, "{lawful} lawful, {broken} broken");
    }
}

#[test]
fn both_reject_seeded_violations() {
    let op = |from, to, outcome| Op { span: Interval { from, to }, outcome };
    let seeded = [
        // Two winners.
        vec![op(0, 1, Move::Completed), op(2, 3, Move::Completed)],
        vec![op(0, 5, Move::Completed), op(1, 4, Move::Completed)],
        // A beat after the end.
        vec![op(0, 1, Move::Completed), op(2, 3, Move::Beat)],
        // Refused before anything closed it.
        vec![op(0, 1, Move::RefusedAsClosed), op(2, 3, Move::Completed)],
        vec![op(0, 1, Move::RefusedAsClosed)],
        // Refused, and then alive again.
        vec![op(0, 9, Move::MaybeCompleted), op(1, 2, Move::RefusedAsClosed), op(3, 4, Move::Beat)],
    ];
    for ops in seeded {
        let register = Register { ops, closers: Vec::new(), heartbeat: None };
        assert!(linearizable(&register).is_err() && !search(&register), "{register:?}");
    }
}

#[test]
fn lawful_races_are_accepted() {
    let op = |from, to, outcome| Op { span: Interval { from, to }, outcome };
    let lawful = [
        vec![op(0, 5, Move::Completed), op(1, 4, Move::RefusedAsClosed)],
        vec![op(0, 5, Move::Completed), op(1, 4, Move::Beat)],
        // The winner's reply was lost.
        vec![op(0, 1, Move::MaybeCompleted), op(2, 3, Move::RefusedAsClosed)],
        vec![op(0, 1, Move::Ignored), op(2, 3, Move::Completed), op(4, 5, Move::RefusedAsClosed)],
    ];
    for ops in lawful {
        let register = Register { ops, closers: Vec::new(), heartbeat: None };
        assert!(linearizable(&register).is_ok() && search(&register), "{register:?}");
    }
}
