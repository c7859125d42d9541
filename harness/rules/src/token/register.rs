//! The closed-form check: one interval for each thing that may have closed the token, cut by what the answers say.

/// A span of moments, both ends included. [`i64::MAX`] is "never ends".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Not before.
    pub from: i64,
    /// Not after.
    pub to: i64,
}

/// What an operation asked and was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// A completion that was accepted: it closed the token.
    Completed,
    /// A completion of which nobody knows.
    MaybeCompleted,
    /// A heartbeat that was accepted.
    Beat,
    /// A heartbeat of which nobody knows.
    MaybeBeat,
    /// Any operation refused because the token is closed.
    RefusedAsClosed,
    /// Any operation refused for another reason: it says nothing.
    Ignored,
}

/// One operation with the span in which it happened, if it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Op {
    /// From the call to its answer.
    pub span: Interval,
    /// What became of it.
    pub outcome: Move,
}

/// Something other than an operation that may have closed the token, or surely did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closer {
    /// When.
    pub span: Interval,
    /// Whether the token was surely closed by the end of the span, by this or by something earlier.
    pub certain: bool,
}

/// A token's life.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Register {
    /// The operations with it.
    pub ops: Vec<Op>,
    /// What else may close it: stops, failures of siblings, a total timeout (from its earliest firing on).
    pub closers: Vec<Closer>,
    /// The earliest moment at which its clock may have begun, with its heartbeat window, if it has one.
    pub heartbeat: Option<(i64, i64)>,
}

/// Why no closing moment explains the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Two completions were accepted.
    CompletedTwice,
    /// Something was accepted after the token must have been closed.
    AcceptedAfterClose,
    /// Something was refused as closed before anything can have closed the token.
    RefusedBeforeClose,
}

/// Whether one closing moment, by one closer, explains every answer.
///
/// With `L` the latest begin of an accepted heartbeat and `U` the earliest end of a refusal as closed or of a certain
/// closer, the token closed at some `P` with `L <= P <= U`; `P` lies in the span of its closer. An accepted completion is
/// the only possible closer if there is one. A missed heartbeat can close from one window after `L` on.
pub fn linearizable(register: &Register) -> Result<(), Fault> {
    let mut winner: Option<Interval> = None;
    let mut last_beat = i64::MIN;
    let mut must_close_by = i64::MAX;
    let mut refused_by = i64::MAX;
    for op in &register.ops {
        match op.outcome {
            Move::Completed if winner.is_some() => return Err(Fault::CompletedTwice),
            Move::Completed => winner = Some(op.span),
            Move::Beat => last_beat = last_beat.max(op.span.from),
            Move::RefusedAsClosed => refused_by = refused_by.min(op.span.to),
            Move::MaybeCompleted | Move::MaybeBeat | Move::Ignored => {}
        }
    }
    for closer in register.closers.iter().filter(|closer| closer.certain) {
        must_close_by = must_close_by.min(closer.span.to);
    }
    let latest = must_close_by.min(refused_by);
    let explains = |span: Interval| span.from.max(last_beat) <= span.to.min(latest);
    if let Some(winner) = winner {
        if explains(winner) {
            return Ok(());
        }
        return Err(if refused_by < winner.from {
            Fault::RefusedBeforeClose
        } else {
            Fault::AcceptedAfterClose
        });
    }
    if latest == i64::MAX {
        return Ok(()); // never closed
    }
    let by_completion = register
        .ops
        .iter()
        .filter(|op| op.outcome == Move::MaybeCompleted)
        .map(|op| Interval { from: op.span.from, to: i64::MAX });
    let by_silence = register
        .heartbeat
        .map(|(began, window)| Interval { from: began.max(last_beat).saturating_add(window), to: i64::MAX });
    let by_others = register.closers.iter().map(|closer| closer.span);
    if by_completion.chain(by_silence).chain(by_others).any(explains) {
        return Ok(());
    }
    let closed_late = last_beat > latest;
    Err(if closed_late { Fault::AcceptedAfterClose } else { Fault::RefusedBeforeClose })
}
