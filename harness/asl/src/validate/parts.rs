//! The parts of a Map in Distributed mode: what reads its items, what batches them, what writes the results
//! (DG:input-output-itemreader, -itembatcher, -resultwriter).
//!
//! What it does not do: asking for one of the limits of an ItemBatcher, because machines in use have none; judging what an
//! expression gives. Invariant: a part that may be created names a resource which Distributed mode offers, if it names one.

use super::scope::{Checker, Place};
use crate::jsonata;
use crate::machine::QueryLanguage;
use crate::resource::{Pattern, Resource};
use serde_json::{Map as Object, Value};

const PARTS: [(&str, &[&str]); 3] = [
    ("ItemReader", &["Resource", "Parameters", "Arguments", "ReaderConfig"]),
    (
        "ItemBatcher",
        &[
            "BatchInput",
            "MaxItemsPerBatch",
            "MaxItemsPerBatchPath",
            "MaxInputBytesPerBatch",
            "MaxInputBytesPerBatchPath",
        ],
    ),
    ("ResultWriter", &["Resource", "Parameters", "Arguments", "WriterConfig"]),
];
const INPUT_TYPES: [&str; 5] = ["CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"];
const DELIMITERS: [&str; 5] = ["COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"];

impl Checker {
    pub(super) fn parts(&mut self, members: &Object<String, Value>, place: &Place) {
        for (name, fields) in PARTS {
            let Some(part) = self.object(members, name, place) else { continue };
            let place = place.at(name);
            self.only(part, fields, &place);
            self.own_languages(part, &place);
            self.data_flow(part, &place);
            match name {
                "ItemReader" => self.reader(part, &place),
                "ItemBatcher" => self.batcher(part, &place),
                _ => self.writer(part, &place),
            }
        }
    }

    fn reader(&mut self, part: &Object<String, Value>, place: &Place) {
        if !self.required(part, &["Resource"], &place.location) {
            return;
        }
        match self.store(part, &["getObject", "listObjectsV2"], place).as_deref() {
            Some("getObject") => self.target(part, &["Bucket", "Key"], place),
            Some(_) => self.target(part, &["Bucket"], place),
            None => {}
        }
        if let Some(config) = self.object(part, "ReaderConfig", place) {
            self.reader_config(config, &place.at("ReaderConfig"));
        }
    }

    fn reader_config(&mut self, config: &Object<String, Value>, place: &Place) {
        self.own_languages(config, place);
        self.data_flow(config, place);
        self.word(config, "InputType", &INPUT_TYPES, place);
        self.word(config, "CSVDelimiter", &DELIMITERS, place);
        self.word(config, "ManifestType", &["ATHENA_DATA", "S3_INVENTORY"], place);
        self.exclusive(config, &["MaxItems", "MaxItemsPath"], place);
        self.integer(config, "MaxItems", 0, u64::MAX, place);
        let is = |field: &str, value: &str| config.get(field).is_some_and(|given| given == value);
        // The data files of a manifest have their columns from elsewhere.
        if is("InputType", "CSV") && !config.contains_key("ManifestType") {
            self.required(config, &["CSVHeaderLocation"], &place.location);
        }
        self.word(config, "CSVHeaderLocation", &["FIRST_ROW", "GIVEN"], place);
        if is("CSVHeaderLocation", "GIVEN") {
            self.required(config, &["CSVHeaders"], &place.location);
        }
        if let Some(headers) = config.get("CSVHeaders")
            && !headers.as_array().is_some_and(|names| names.iter().all(Value::is_string))
        {
            self.schema("Expected a list of values of type String", &place.at("CSVHeaders").location);
        }
    }

    fn batcher(&mut self, part: &Object<String, Value>, place: &Place) {
        for (limit, most) in
            [("MaxItemsPerBatch", u64::MAX), ("MaxInputBytesPerBatch", crate::DATA_LIMIT as u64)]
        {
            self.exclusive(part, &[limit, &format!("{limit}Path")], place);
            self.integer(part, limit, 1, most, place);
        }
    }

    /// A bucket, a form of the results, or both.
    fn writer(&mut self, part: &Object<String, Value>, place: &Place) {
        if !part.contains_key("WriterConfig") && !part.contains_key("Resource") {
            self.schema(
                "At least one of these fields is required: [Resource, WriterConfig]",
                &place.location,
            );
            return;
        }
        if part.contains_key("Resource") && self.store(part, &["putObject"], place).is_some() {
            self.target(part, &["Bucket"], place);
        }
        if let Some(config) = self.object(part, "WriterConfig", place) {
            let place = place.at("WriterConfig");
            self.word(config, "Transformation", &["NONE", "COMPACT", "FLATTEN"], &place);
            self.word(config, "OutputType", &["JSON", "JSONL"], &place);
        }
    }

    /// The action of Amazon S3 that a part names.
    fn store(&mut self, part: &Object<String, Value>, actions: &[&str], place: &Place) -> Option<String> {
        let resource = part.get("Resource").and_then(Value::as_str).and_then(Resource::parse);
        let action = resource
            .filter(|resource| resource.service == "s3" && resource.pattern == Pattern::RequestResponse)
            .and_then(|resource| actions.iter().find(|action| resource.action.eq_ignore_ascii_case(action)));
        if action.is_none() {
            let what =
                format!("Expected the resource ARN of one of these actions of s3: [{}]", actions.join(", "));
            self.schema(what, &place.at("Resource").location);
        }
        action.map(|action| (*action).to_owned())
    }

    /// What the action is asked for; an expression in place of all of it cannot be judged.
    fn target(&mut self, part: &Object<String, Value>, fields: &[&str], place: &Place) {
        let name = match place.language {
            QueryLanguage::JsonPath => "Parameters",
            QueryLanguage::JsonAta => "Arguments",
        };
        match part.get(name) {
            Some(Value::Object(target)) => self.parameters_required(target, fields, &place.at(name)),
            // Of a template that is no object, `data_flow` told.
            Some(_) if place.language == QueryLanguage::JsonPath => {}
            Some(value) if value.as_str().and_then(jsonata::inner).is_some() => {}
            Some(_) => self.schema("Expected value of type Object", &place.at(name).location),
            None => {
                self.required(part, &[name], &place.location);
            }
        }
    }
}
