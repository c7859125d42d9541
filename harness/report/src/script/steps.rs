//! The body of a script: one command a call, pauses between, polling folded into one wait. A call whose answer the finding
//! rests on is marked `DECIDES=1`.

use std::collections::BTreeSet;
use std::fmt::Write;

use record::{CaseRecord, Entry, Event, Finding, History, Operation, Service, Time};
use serde_json::Value;

use super::flow::{CLEANING, Flow, Piece, created_name};
use super::sending::{answer, is_hasty, is_sendable, sets_timers};
use super::shell::{command, escaped, pattern, quoted, service};

/// A pause shorter than this is the harness's own pace, not the plan's.
const SHORTEST_PAUSE_MS: i64 = 700;

/// Before a command whose answer has to be the recorded one.
pub(super) const DECIDES: &str = "DECIDES=1 ";

/// Marks a name that the script gives its own prefix; JSON writes SOH as an escape.
const PREFIXED: &str = "\u{1}RUN\u{1}";

/// The commands of a record that shows this finding.
pub(super) fn body(record: &CaseRecord, finding: &Finding) -> String {
    let entries = essential(&record.entries);
    let mut script =
        Script { deciding: deciding(record, finding, &entries), event: finding.event, ..Script::default() };
    let mut at = 0;
    while at < entries.len() {
        let together = overlapping(&entries, at);
        // Writing into a String cannot fail.
        let _ = if together > 1 {
            script.together(entries.get(at..at + together).unwrap_or_default())
        } else {
            entries.get(at).map_or(Ok(()), |entry| script.alone(entry))
        };
        at += together;
    }
    script.finish()
}

/// The calls without repeated polls and without the harness's own tidying: of the same question asked again and again
/// only the last, and of receiving only what brought a message, or may have moved one to a dead-letter queue.
fn essential(entries: &[Entry]) -> Vec<&Entry> {
    let moves_dead_letters = entries.iter().any(|entry| {
        let attributes = entry.call.input.get("Attributes");
        attributes.is_some_and(|attributes| attributes.get("RedrivePolicy").is_some())
    });
    let last_of = |entry: &Entry| {
        entries
            .iter()
            .rposition(|other| other.call == entry.call)
            .is_some_and(|at| entries.get(at).is_some_and(|other| std::ptr::eq(other, entry)))
    };
    let kept = entries.iter().filter(|entry| match entry.call.operation {
        Operation::ReceiveMessage => {
            !messages(entry).is_empty() || !entry.outcome.is_done() || moves_dead_letters && last_of(entry)
        }
        Operation::GetActivityTask => {
            entry.outcome.reply().is_none_or(|reply| reply.get("taskToken").is_some_and(Value::is_string))
        }
        operation => !is_polled(operation) || last_of(entry),
    });
    kept.collect()
}

fn is_polled(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::DescribeExecution | Operation::GetExecutionHistory | Operation::ListExecutions
    )
}

/// The calls on whose answers the finding rests; all of them where that cannot be told.
fn deciding<'e>(record: &CaseRecord, finding: &Finding, entries: &[&'e Entry]) -> Vec<&'e Entry> {
    // What is polled for is told by every poll.
    let same = |one: &Entry, other: &Entry| {
        std::ptr::eq(one, other) || is_polled(one.call.operation) && one.call == other.call
    };
    let part = |entry: &&Entry| {
        let alike = record.entries.iter().enumerate().filter(|(_, other)| same(entry, other));
        alike.map(|(index, _)| index).collect()
    };
    let parts: Vec<BTreeSet<usize>> = entries.iter().map(part).collect();
    let deciding = rules::rests_on(record, finding, &parts);
    if deciding.is_empty() {
        return entries.to_vec();
    }
    deciding.into_iter().filter_map(|index| entries.get(index).copied()).collect()
}

/// How many calls from here on were in flight at once; those that fill variables are always alone.
fn overlapping(entries: &[&Entry], at: usize) -> usize {
    let answers = |entry: &&Entry| is_hasty(entry.call.operation);
    let mut actors = BTreeSet::new();
    let mut until = Time(i64::MIN);
    let mut count = 0;
    for entry in entries.iter().skip(at).take_while(|entry| answers(entry)) {
        let joins = count == 0 || (entry.begun < until && !actors.contains(&entry.actor));
        if !joins {
            break;
        }
        until = until.max(entry.ended);
        actors.insert(&entry.actor);
        count += 1;
    }
    count.max(1)
}

#[derive(Default)]
struct Script<'e> {
    deciding: Vec<&'e Entry>,
    event: Option<u64>,
    marked: Option<Time>,
    text: String,
    flow: Flow,
    ended: Option<Time>,
    settled: BTreeSet<String>,
}

impl Script<'_> {
    fn together(&mut self, entries: &[&Entry]) -> std::fmt::Result {
        self.pause(entries.first().map(|entry| entry.begun))?;
        writeln!(self.text, "\n# At the same time:")?;
        for entry in entries {
            self.request(entry, "", " &")?;
        }
        writeln!(self.text, "wait")?;
        if let Some(last) =
            entries.iter().filter(|entry| entry.outcome.is_done()).max_by_key(|entry| entry.ended)
        {
            self.mark(last)?;
        }
        self.ended = entries.iter().map(|entry| entry.ended).max();
        Ok(())
    }

    fn alone(&mut self, entry: &Entry) -> std::fmt::Result {
        match entry.call.operation {
            Operation::ReceiveMessage if !messages(entry).is_empty() => {
                self.note(entry)?;
                self.receive(entry)?;
            }
            Operation::DescribeExecution | Operation::GetExecutionHistory if entry.outcome.is_done() => {
                self.read_execution(entry)?;
            }
            _ => {
                self.pause(Some(entry.begun))?;
                writeln!(self.text)?;
                self.note(entry)?;
                self.flow.rename(&entry.call, &entry.outcome);
                // What the answer brings is not known in the request yet.
                self.request(entry, Flow::query(entry), "")?;
                if let Some(name) = self.flow.product(entry) {
                    writeln!(self.text, "{name}=$OUT")?;
                }
                self.mark(entry)?;
            }
        }
        self.ended = Some(self.ended.map_or(entry.ended, |known| known.max(entry.ended)));
        Ok(())
    }

    fn decides(&self, entry: &Entry) -> bool {
        self.deciding.iter().any(|one| std::ptr::eq(*one, entry))
    }

    /// Waits as long as the recorded run did, where that was by plan. What counts is the time since the last call that may
    /// have set a timer off: the script's own calls take longer than the harness's did.
    fn pause(&mut self, begun: Option<Time>) -> std::fmt::Result {
        let since = |ended: Option<Time>| begun.zip(ended).map_or(0, |(begun, ended)| begun - ended);
        if since(self.ended) < SHORTEST_PAUSE_MS {
            return Ok(());
        }
        let (word, span) =
            if self.marked.is_some() { ("pause", since(self.marked)) } else { ("sleep", since(self.ended)) };
        writeln!(self.text, "{word} {}.{:01}", span / 1000, span % 1000 / 100)
    }

    /// Notes when a call came back that may have set a timer off.
    fn mark(&mut self, entry: &Entry) -> std::fmt::Result {
        if !(sets_timers(entry.call.operation) && entry.outcome.is_done()) {
            return Ok(());
        }
        self.marked = Some(entry.ended);
        writeln!(self.text, "mark")
    }

    fn note(&mut self, entry: &Entry) -> std::fmt::Result {
        entry.note.as_deref().map_or(Ok(()), |note| writeln!(self.text, "# {}", note.replace('\n', " ")))
    }

    /// One request with its input; `query` is the member to keep, empty for none.
    fn request(&mut self, entry: &Entry, query: &str, tail: &str) -> std::fmt::Result {
        if self.decides(entry) {
            self.text.push_str(DECIDES);
        }
        let recorded = quoted(&answer(&entry.outcome));
        let operation = entry.call.operation;
        let body = entry.call.raw_body.clone();
        if body.is_some() || is_hasty(operation) || !is_sendable(entry) {
            let target = match operation.service() {
                Service::Sqs => format!("AmazonSQS.{}", operation.name()),
                Service::Events => format!("AWSEvents.{}", operation.name()),
                _ => format!("AWSStepFunctions.{}", operation.name()),
            };
            let signing = operation.service().signing_name();
            let text = body.unwrap_or_else(|| Value::Object(entry.call.input.clone()).to_string());
            write!(self.text, "raw {recorded} {signing} {target}")?;
            if !query.is_empty() {
                write!(self.text, " {query}")?;
            }
            return self.input(&text, entry, tail);
        }
        write!(self.text, "call {recorded} {} {}", service(operation), command(operation))?;
        if !query.is_empty() {
            write!(self.text, " {query}")?;
        }
        let mut input = entry.call.input.clone();
        if let Some(name) =
            created_name(&entry.call).filter(|name| self.flow.is_renamed(name)).map(str::to_owned)
        {
            for value in input.values_mut().filter(|value| value.as_str() == Some(&name)) {
                *value = Value::String(format!("{PREFIXED}{name}"));
            }
        }
        self.input(&Value::Object(input).to_string(), entry, tail)
    }

    /// The heredoc of a request, variables in the place of known values.
    fn input(&mut self, text: &str, entry: &Entry, tail: &str) -> std::fmt::Result {
        let mut pieces = String::new();
        for piece in self.flow.split(text) {
            match piece {
                Piece::Text(text) => pieces.push_str(&self.words(text, entry)),
                Piece::Variable(name) => {
                    let _ = write!(pieces, "${{{name}}}");
                }
            }
        }
        // A body may hold the line that would end it.
        let mut end = "JSON".to_owned();
        while pieces.lines().any(|line| line == end) {
            end.push('_');
        }
        writeln!(self.text, " <<{end}{tail}\n{pieces}\n{end}")
    }

    /// Plain text of a request: own names get the prefix, tokens that nobody issued are made of one that was, roles are
    /// those of the place.
    fn words(&self, text: &str, entry: &Entry) -> String {
        let mut text = escaped(text).replace(r"\\u0001RUN\\u0001", "${RUN}-");
        if let Some(token) = entry.call.text("taskToken").filter(|t| t.starts_with("token#")) {
            text = text.replace(token, &wrong_token(entry, self.flow.named("TOKEN").next_back()));
        }
        if let Some(role) = entry.call.text("roleArn").filter(|role| role.contains(":role/")) {
            text = text.replace(&escaped(role), "${ROLE}");
        }
        text
    }

    fn receive(&mut self, entry: &Entry) -> std::fmt::Result {
        let queue = entry.call.text("QueueUrl").unwrap_or_default();
        let queue = self.flow.variable(queue).map_or_else(|| quoted(queue), |name| format!("\"${name}\""));
        let hidden = entry.call.input.get("VisibilityTimeout").and_then(Value::as_u64);
        let hides = hidden.map_or_else(String::new, |seconds| format!(" {seconds}"));
        for message in messages(entry) {
            writeln!(self.text, "\nreceive {queue}{hides}")?;
            let text = |member: &str| message.get(member).and_then(Value::as_str).unwrap_or_default();
            if let Some(name) = self.flow.fill(text("ReceiptHandle"), "RECEIPT") {
                writeln!(self.text, "{name}=${{OUT%%$'\\t'*}}")?;
            }
            self.token(text("Body"), if self.decides(entry) { DECIDES } else { "" })?;
        }
        if hidden.is_some() {
            self.marked = Some(entry.ended);
            writeln!(self.text, "mark")?;
        }
        Ok(())
    }

    /// Takes the token out of the message, by what stands before and behind it. A token that an earlier message brought has
    /// to be that one again, where the message decides.
    fn token(&mut self, body: &str, decides: &str) -> std::fmt::Result {
        let Some(at) = body.find("token#") else { return Ok(()) };
        let (before, from) = body.split_at(at);
        let digits = from.chars().skip(6).take_while(char::is_ascii_digit).count();
        let (token, behind) = from.split_at(6 + digits);
        let known = self.flow.variable(token).map(str::to_owned);
        let extracted = match behind.chars().next() {
            None => "${OUT#*$'\\t'}".to_owned(),
            Some(stop) => {
                let from = before.rfind([',', '{']).map_or(0, |at| at + 1);
                let before = pattern(before.get(from..).unwrap_or_default());
                let stop = if stop == '\\' { r"\\".to_owned() } else { stop.to_string() };
                let sed = format!(r"s/.*{before}\([^{stop}]*\).*/\1/p");
                format!("$(printf '%s' \"$OUT\" | sed -n {})", quoted(&sed))
            }
        };
        if let Some(name) = known {
            return writeln!(self.text, "{decides}same_token \"{extracted}\" \"${name}\"");
        }
        self.flow.fill(token, "TOKEN").map_or(Ok(()), |name| writeln!(self.text, "{name}={extracted}"))
    }

    /// An execution's status or history, compared with the recorded one.
    fn read_execution(&mut self, entry: &Entry) -> std::fmt::Result {
        let reply = entry.outcome.reply().cloned().unwrap_or_default();
        let arn = entry.call.text("executionArn").unwrap_or_default();
        let variable = self.flow.variable(arn).map_or_else(|| quoted(arn), |name| format!("\"${name}\""));
        let mut seen = "$(echo $OUT)";
        let (query, recorded, over) = if entry.call.operation == Operation::DescribeExecution {
            let status = reply.get("status").and_then(Value::as_str).unwrap_or_default().to_owned();
            let over = !matches!(status.as_str(), "" | "RUNNING");
            ("status".to_owned(), status, over)
        } else {
            let history = History::from_wire(&reply).unwrap_or_default();
            let over = history.events.iter().any(Event::is_terminal);
            let named = |event: &Event| event.kind.starts_with("Parallel") || event.kind.starts_with("Map");
            let branches = history.events.iter().any(named);
            // What comes after the event that the finding is about does not matter.
            let cut = !branches && self.decides(entry) && is_sendable(entry);
            let upto = self.event.filter(|_| cut).unwrap_or(u64::MAX);
            let shown = history.events.iter().filter(|event| event.id <= upto);
            let mut types: Vec<&str> = shown.map(|event| event.kind.as_str()).collect();
            let query = match upto {
                u64::MAX => "'events[].type'".to_owned(),
                upto => format!("'events[?id<=`{upto}`].type'"),
            };
            // How branches interleave is chance, and how far some come while another fails.
            if branches {
                types.sort_unstable();
                types.dedup();
                seen = "$(printf '%s\\n' $OUT | LC_ALL=C sort -u | xargs)";
            }
            (query, types.join(" "), over)
        };
        writeln!(self.text)?;
        if over && self.settled.insert(arn.to_owned()) {
            writeln!(self.text, "settle {variable}")?;
        } else {
            self.pause(Some(entry.begun))?;
        }
        self.request(entry, &query, "")?;
        let label = format!("  {}", query.trim_matches('\''));
        let decides = if self.decides(entry) { DECIDES } else { "" };
        writeln!(self.text, "{decides}judge {} \"{seen}\" {}", quoted(&label), quoted(&recorded))?;
        match self
            .event
            .filter(|_| self.decides(entry) && entry.call.operation == Operation::GetExecutionHistory)
        {
            Some(event) => writeln!(self.text, "show {variable} {event}"),
            None => Ok(()),
        }
    }

    /// The script's end: what it made is deleted whatever happens.
    fn finish(self) -> String {
        let mut cleaning = String::from("\ncleanup() {\n");
        for (stem, operation, member) in CLEANING {
            for name in self.flow.named(stem) {
                let flag = option(member);
                let _ = writeln!(
                    cleaning,
                    "  [ -z \"${{{name}:-}}\" ] || aws --endpoint-url \"$ENDPOINT\" {} {} --{flag} \"${name}\"",
                    service(*operation),
                    command(*operation)
                );
            }
        }
        cleaning.push_str("  rm -rf \"$WORK\"\n}\ntrap 'cleanup >/dev/null 2>&1' EXIT\n");
        cleaning + &self.text
    }
}

/// A token that no answer gave: made of one that was given, as the plan's note says, else out of nothing.
fn wrong_token(entry: &Entry, given: Option<&str>) -> String {
    let note = entry.note.as_deref().unwrap_or_default();
    match given {
        Some(name) if note.contains("cut") => format!("${{{name}:0:$((${{#{name}}} * 3 / 4))}}"),
        Some(name) => format!("$(printf %s \"${name}\" | rev)"),
        None => "AQCEAAAAKgAAAAMAAAAAAAAAAW5vYm9keSBpc3N1ZWQgdGhpcyB0b2tlbg==".to_owned(),
    }
}

fn messages(entry: &Entry) -> Vec<&Value> {
    let reply = entry.outcome.reply().and_then(|reply| reply.get("Messages")).and_then(Value::as_array);
    reply.into_iter().flatten().collect()
}

/// `state-machine-arn` for `stateMachineArn`, `uuid` for `UUID`.
fn option(member: &str) -> String {
    if member.chars().all(|c| c.is_ascii_uppercase()) {
        return member.to_ascii_lowercase();
    }
    let mut out = String::new();
    for c in member.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
