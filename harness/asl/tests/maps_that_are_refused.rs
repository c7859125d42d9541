//! Map states: what Distributed mode asks of its parts, and what either mode refuses (DG:state-map-distributed,
//! DG:state-map-inline, DG:input-output-itemreader, -itembatcher, -resultwriter).

mod table;

use serde_json::{Value, json};
use table::{errors_of, hold, with};

fn processor(config: &Value) -> Value {
    with(
        json!({ "StartAt": "i", "States": { "i": { "Type": "Succeed" } } }),
        &json!({ "ProcessorConfig": config }),
    )
}

fn distributed(fields: &Value) -> Value {
    let config = json!({ "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" });
    with(json!({ "Type": "Map", "ItemProcessor": processor(&config), "End": true }), fields)
}

fn inline(fields: &Value) -> Value {
    with(json!({ "Type": "Map", "ItemProcessor": processor(&Value::Null), "End": true }), fields)
}

fn in_jsonata(fields: &Value) -> Value {
    with(distributed(&json!({ "QueryLanguage": "JSONata" })), fields)
}

fn reader(part: &Value) -> Value {
    let whole = json!({
        "Resource": "arn:aws:states:::s3:getObject", "Parameters": { "Bucket": "b", "Key.$": "$.k" },
        "ReaderConfig": { "InputType": "JSON" },
    });
    distributed(&json!({ "ItemReader": with(whole, part) }))
}

#[test]
fn a_reader_names_an_object_or_a_listing_of_a_bucket() {
    let list = "arn:aws:states:::s3:listObjectsV2";
    hold(
        &[
            ("an object", json!({}), ""),
            ("no reader's configuration", json!({ "ReaderConfig": null }), ""),
            ("a listing", json!({ "Resource": list, "Parameters": { "Bucket": "b", "Prefix": "p" } }), ""),
            ("no resource", json!({ "Resource": null }), "SCHEMA at /ItemReader"),
            ("no ARN", json!({ "Resource": "s3:getObject" }), "SCHEMA at /ItemReader/Resource"),
            ("a number", json!({ "Resource": 5 }), "SCHEMA at /ItemReader/Resource"),
            (
                "a writer",
                json!({ "Resource": "arn:aws:states:::s3:putObject" }),
                "SCHEMA at /ItemReader/Resource",
            ),
            (
                "a queue",
                json!({ "Resource": "arn:aws:states:::sqs:getObject" }),
                "SCHEMA at /ItemReader/Resource",
            ),
            ("no parameters", json!({ "Parameters": null }), "SCHEMA at /ItemReader"),
            ("parameters of text", json!({ "Parameters": "b" }), "SCHEMA at /ItemReader/Parameters"),
            ("no bucket", json!({ "Parameters": { "Key": "k" } }), "SCHEMA at /ItemReader/Parameters"),
            ("no key", json!({ "Parameters": { "Bucket": "b" } }), "SCHEMA at /ItemReader/Parameters"),
            (
                "a listing of nothing",
                json!({ "Resource": list, "Parameters": {} }),
                "SCHEMA at /ItemReader/Parameters",
            ),
            ("a stray field", json!({ "Reader": {} }), "SCHEMA at /ItemReader/Reader"),
        ],
        reader,
    );
}

#[test]
fn a_reader_is_configured_by_known_words() {
    let config = |config: Value| json!({ "ReaderConfig": config });
    let csv =
        |more: Value| config(with(json!({ "InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW" }), &more));
    hold(
        &[
            ("CSV with a first row", csv(json!({})), ""),
            (
                "CSV with given headers",
                csv(json!({ "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a", "b"] })),
                "",
            ),
            ("CSV with pipes", csv(json!({ "CSVDelimiter": "PIPE" })), ""),
            ("lines of JSON", config(json!({ "InputType": "JSONL", "MaxItems": 0 })), ""),
            ("Parquet", config(json!({ "InputType": "PARQUET", "MaxItemsPath": "$.n" })), ""),
            ("an inventory", config(json!({ "InputType": "MANIFEST", "ManifestType": "S3_INVENTORY" })), ""),
            ("files of Athena", config(json!({ "InputType": "CSV", "ManifestType": "ATHENA_DATA" })), ""),
            ("a part of a document", config(json!({ "InputType": "JSON", "ItemsPointer": "/a" })), ""),
            ("text", config(json!("JSON")), "SCHEMA at /ItemReader/ReaderConfig"),
            ("XML", config(json!({ "InputType": "XML" })), "SCHEMA at /ItemReader/ReaderConfig/InputType"),
            (
                "lower case",
                config(json!({ "InputType": "json" })),
                "SCHEMA at /ItemReader/ReaderConfig/InputType",
            ),
            (
                "CSV without headers",
                csv(json!({ "CSVHeaderLocation": null })),
                "SCHEMA at /ItemReader/ReaderConfig",
            ),
            (
                "headers elsewhere",
                csv(json!({ "CSVHeaderLocation": "LAST_ROW" })),
                "SCHEMA at /ItemReader/ReaderConfig/CSVHeaderLocation",
            ),
            (
                "headers not given",
                csv(json!({ "CSVHeaderLocation": "GIVEN" })),
                "SCHEMA at /ItemReader/ReaderConfig",
            ),
            (
                "headers of numbers",
                csv(json!({ "CSVHeaderLocation": "GIVEN", "CSVHeaders": [1] })),
                "SCHEMA at /ItemReader/ReaderConfig/CSVHeaders",
            ),
            (
                "another delimiter",
                csv(json!({ "CSVDelimiter": "," })),
                "SCHEMA at /ItemReader/ReaderConfig/CSVDelimiter",
            ),
            (
                "another manifest",
                config(json!({ "InputType": "MANIFEST", "ManifestType": "HUDI" })),
                "SCHEMA at /ItemReader/ReaderConfig/ManifestType",
            ),
            (
                "fewer than no items",
                config(json!({ "MaxItems": -1 })),
                "SCHEMA at /ItemReader/ReaderConfig/MaxItems",
            ),
            (
                "half an item",
                config(json!({ "MaxItems": 0.5 })),
                "SCHEMA at /ItemReader/ReaderConfig/MaxItems",
            ),
            (
                "two bounds",
                config(json!({ "MaxItems": 5, "MaxItemsPath": "$.n" })),
                "SCHEMA at /ItemReader/ReaderConfig",
            ),
            (
                "no path",
                config(json!({ "MaxItemsPath": "n" })),
                "SCHEMA at /ItemReader/ReaderConfig/MaxItemsPath",
            ),
        ],
        reader,
    );
}

#[test]
fn a_batcher_has_limits_in_range() {
    let batcher = |part: &Value| distributed(&json!({ "ItemBatcher": part }));
    hold(
        &[
            ("items", json!({ "MaxItemsPerBatch": 1 }), ""),
            ("bytes", json!({ "MaxInputBytesPerBatch": 262_144 }), ""),
            (
                "both by paths",
                json!({ "MaxItemsPerBatchPath": "$.n", "MaxInputBytesPerBatchPath": "$.m" }),
                "",
            ),
            ("an input of all batches", json!({ "MaxItemsPerBatch": 2, "BatchInput": { "a.$": "$.a" } }), ""),
            ("as Workflow Studio writes it", json!({}), ""),
            ("text", json!("10"), "SCHEMA at /ItemBatcher"),
            ("no items", json!({ "MaxItemsPerBatch": 0 }), "SCHEMA at /ItemBatcher/MaxItemsPerBatch"),
            (
                "a text of items",
                json!({ "MaxItemsPerBatch": "2" }),
                "SCHEMA at /ItemBatcher/MaxItemsPerBatch",
            ),
            (
                "no bytes",
                json!({ "MaxInputBytesPerBatch": 0 }),
                "SCHEMA at /ItemBatcher/MaxInputBytesPerBatch",
            ),
            (
                "more bytes than an input has",
                json!({ "MaxInputBytesPerBatch": 262_145 }),
                "SCHEMA at /ItemBatcher/MaxInputBytesPerBatch",
            ),
            (
                "two limits",
                json!({ "MaxItemsPerBatch": 1, "MaxItemsPerBatchPath": "$.n" }),
                "SCHEMA at /ItemBatcher",
            ),
            ("an input of text", json!({ "BatchInput": "x" }), "SCHEMA at /ItemBatcher/BatchInput"),
            ("no query", json!({ "BatchInput": { "a.$": "a" } }), "SCHEMA at /ItemBatcher/BatchInput"),
            ("a stray field", json!({ "MaxItems": 1 }), "SCHEMA at /ItemBatcher/MaxItems"),
        ],
        batcher,
    );
}

#[test]
fn a_writer_has_a_bucket_or_a_form() {
    let put = "arn:aws:states:::s3:putObject";
    let writer = |part: &Value| distributed(&json!({ "ResultWriter": part }));
    let form = |transformation: &str, output: &str| json!({ "WriterConfig": { "Transformation": transformation, "OutputType": output } });
    hold(
        &[
            ("a bucket", json!({ "Resource": put, "Parameters": { "Bucket": "b", "Prefix": "p" } }), ""),
            ("a bucket by a path", json!({ "Resource": put, "Parameters": { "Bucket.$": "$.b" } }), ""),
            ("a form", form("COMPACT", "JSONL"), ""),
            ("another form", form("FLATTEN", "JSON"), ""),
            (
                "both",
                with(form("NONE", "JSON"), &json!({ "Resource": put, "Parameters": { "Bucket": "b" } })),
                "",
            ),
            ("nothing", json!({}), "SCHEMA at /ResultWriter"),
            ("text", json!("b"), "SCHEMA at /ResultWriter"),
            ("only parameters", json!({ "Parameters": { "Bucket": "b" } }), "SCHEMA at /ResultWriter"),
            ("only a resource", json!({ "Resource": put }), "SCHEMA at /ResultWriter"),
            (
                "no bucket",
                json!({ "Resource": put, "Parameters": { "Prefix": "p" } }),
                "SCHEMA at /ResultWriter/Parameters",
            ),
            (
                "a reader",
                json!({ "Resource": "arn:aws:states:::s3:getObject" }),
                "SCHEMA at /ResultWriter/Resource",
            ),
            ("an unknown form", form("ZIP", "JSON"), "SCHEMA at /ResultWriter/WriterConfig/Transformation"),
            ("an unknown output", form("NONE", "CSV"), "SCHEMA at /ResultWriter/WriterConfig/OutputType"),
            ("a form of text", json!({ "WriterConfig": "JSON" }), "SCHEMA at /ResultWriter/WriterConfig"),
            (
                "a stray field",
                with(form("NONE", "JSON"), &json!({ "Bucket": "b" })),
                "SCHEMA at /ResultWriter/Bucket",
            ),
        ],
        writer,
    );
}

#[test]
fn parts_in_jsonata_have_arguments() {
    let get = "arn:aws:states:::s3:getObject";
    hold(
        &[
            (
                "an object",
                json!({ "ItemReader": { "Resource": get, "Arguments": { "Bucket": "b", "Key": "{% 'k' %}" } } }),
                "",
            ),
            (
                "an expression",
                json!({ "ItemReader": { "Resource": get, "Arguments": "{% $states.input %}" } }),
                "",
            ),
            ("a batch of an expression", json!({ "ItemBatcher": { "MaxItemsPerBatch": "{% 2 %}" } }), ""),
            ("none", json!({ "ItemReader": { "Resource": get } }), "SCHEMA at /ItemReader"),
            (
                "no key",
                json!({ "ItemReader": { "Resource": get, "Arguments": { "Bucket": "b" } } }),
                "SCHEMA at /ItemReader/Arguments",
            ),
            (
                "plain text",
                json!({ "ItemReader": { "Resource": get, "Arguments": "b" } }),
                "SCHEMA at /ItemReader/Arguments",
            ),
        ],
        in_jsonata,
    );
}

#[test]
fn a_map_has_one_processor_with_a_mode() {
    let config = |config: Value| json!({ "ItemProcessor": processor(&config) });
    hold(
        &[
            ("inline", config(json!({ "Mode": "INLINE" })), ""),
            ("no mode", config(json!({})), ""),
            ("distributed", config(json!({ "Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS" })), ""),
            ("of old", json!({ "ItemProcessor": null, "Iterator": processor(&Value::Null) }), ""),
            ("both", json!({ "Iterator": processor(&Value::Null) }), "SCHEMA at "),
            ("neither", json!({ "ItemProcessor": null }), "SCHEMA at "),
            ("text", json!({ "ItemProcessor": "i" }), "SCHEMA at /ItemProcessor"),
            ("a mode of text", config(json!("INLINE")), "SCHEMA at /ItemProcessor/ProcessorConfig"),
            (
                "an unknown mode",
                config(json!({ "Mode": "REMOTE" })),
                "SCHEMA at /ItemProcessor/ProcessorConfig/Mode",
            ),
            (
                "lower case",
                config(json!({ "Mode": "inline" })),
                "SCHEMA at /ItemProcessor/ProcessorConfig/Mode",
            ),
            ("no type", config(json!({ "Mode": "DISTRIBUTED" })), "SCHEMA at /ItemProcessor/ProcessorConfig"),
            (
                "an unknown type",
                config(json!({ "Mode": "DISTRIBUTED", "ExecutionType": "FAST" })),
                "SCHEMA at /ItemProcessor/ProcessorConfig/ExecutionType",
            ),
            (
                "a stray setting",
                config(json!({ "Node": 1 })),
                "SCHEMA at /ItemProcessor/ProcessorConfig/Node",
            ),
            (
                "a stray field",
                json!({ "ItemProcessor": with(processor(&Value::Null), &json!({ "Next": "z" })) }),
                "SCHEMA at /ItemProcessor/Next",
            ),
        ],
        inline,
    );
}

#[test]
fn inline_maps_have_no_parts_of_child_executions() {
    let reader =
        json!({ "Resource": "arn:aws:states:::s3:getObject", "Parameters": { "Bucket": "b", "Key": "k" } });
    hold(
        &[
            ("a label", json!({ "Label": "items" }), "SCHEMA at /Label"),
            ("a reader", json!({ "ItemReader": reader }), "SCHEMA at /ItemReader"),
            ("a batcher", json!({ "ItemBatcher": { "MaxItemsPerBatch": 1 } }), "SCHEMA at /ItemBatcher"),
            ("a writer", json!({ "ResultWriter": { "WriterConfig": {} } }), "SCHEMA at /ResultWriter"),
        ],
        inline,
    );
}

#[test]
fn the_numbers_of_a_map_are_in_range_and_given_once() {
    let rows = [
        ("no bound", json!({ "MaxConcurrency": 0 }), ""),
        ("a share", json!({ "ToleratedFailurePercentage": 99.5 }), ""),
        ("both thresholds", json!({ "ToleratedFailurePercentage": 100, "ToleratedFailureCount": 0 }), ""),
        ("negative", json!({ "MaxConcurrency": -1 }), "SCHEMA at /MaxConcurrency"),
        ("text", json!({ "MaxConcurrency": "1" }), "SCHEMA at /MaxConcurrency"),
        ("a fraction", json!({ "ToleratedFailureCount": 1.5 }), "SCHEMA at /ToleratedFailureCount"),
        (
            "more than all",
            json!({ "ToleratedFailurePercentage": 100.5 }),
            "SCHEMA at /ToleratedFailurePercentage",
        ),
        (
            "less than none",
            json!({ "ToleratedFailurePercentage": -1 }),
            "SCHEMA at /ToleratedFailurePercentage",
        ),
        ("two bounds", json!({ "MaxConcurrency": 1, "MaxConcurrencyPath": "$.a" }), "SCHEMA at "),
        (
            "two counts",
            json!({ "ToleratedFailureCount": 1, "ToleratedFailureCountPath": "$.a" }),
            "SCHEMA at ",
        ),
        (
            "two shares",
            json!({ "ToleratedFailurePercentage": 1, "ToleratedFailurePercentagePath": "$.a" }),
            "SCHEMA at ",
        ),
    ];
    hold(&rows, distributed);
    hold(&rows, inline);
}

#[test]
fn labels_are_short_plain_and_unique() {
    let long = "l".repeat(41);
    for (label, wanted) in
        [("a-b_2.C", ""), (&long[1..], ""), (&long, "SCHEMA at /Label"), ("", "SCHEMA at /Label")]
    {
        hold(&[("a label", json!({ "Label": label }), wanted)], distributed);
    }
    for character in "?*<>{}[]\"#%\\^|~`$&,;:/ \t\u{7f}\u{9f}".chars() {
        hold(
            &[("a character", json!({ "Label": format!("a{character}") }), "SCHEMA at /Label")],
            distributed,
        );
    }
    let twice = |second: &str| {
        let map = |label: &str, item: &str, more: Value| {
            let mut map = with(distributed(&json!({ "Label": label })), &more);
            map["ItemProcessor"]["StartAt"] = json!(item);
            map["ItemProcessor"]["States"] = json!({ item: { "Type": "Succeed" } });
            map
        };
        let states = json!({
            "s": map("one", "i", json!({ "End": null, "Next": "z" })), "z": map(second, "j", json!({})),
        });
        errors_of(&json!({ "StartAt": "s", "States": states }))
    };
    assert_eq!(twice("two"), Vec::<String>::new());
    assert_eq!(twice("one"), ["SCHEMA at /States/z/Label"]);
}
