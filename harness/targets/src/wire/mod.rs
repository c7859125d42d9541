//! How AWS's services look on HTTP: what the client that tests and the server that is tested must both know.
//!
//! Pure functions between the API model's JSON form and the protocols (AWS JSON, query, REST). No sockets here.
//! Source: each service's API model (`metadata.protocol`, `targetPrefix`, `apiVersion`, `locationName`).

pub(crate) mod error;
pub(crate) mod form;
pub(crate) mod query;
pub(crate) mod rest;
pub(crate) mod xml;

use record::Service;

/// How a service writes its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// One POST to `/`; the operation in `X-Amz-Target`.
    Json { content_type: &'static str, prefix: &'static str },
    /// One POST to `/` with a form body; the operation in `Action`; XML answers.
    Query { version: &'static str },
    /// Paths and methods.
    Rest,
}

/// The protocol that a service's newest SDKs speak.
pub(crate) fn protocol(service: Service) -> Protocol {
    match service {
        Service::States => Protocol::Json { content_type: JSON_1_0, prefix: "AWSStepFunctions" },
        Service::Sqs => Protocol::Json { content_type: JSON_1_0, prefix: "AmazonSQS" },
        Service::Events => Protocol::Json { content_type: JSON_1_1, prefix: "AWSEvents" },
        Service::Sns => Protocol::Query { version: "2010-03-31" },
        Service::Sts => Protocol::Query { version: "2011-06-15" },
        Service::CloudFormation => Protocol::Query { version: "2010-05-15" },
        Service::Tagging => {
            Protocol::Json { content_type: JSON_1_1, prefix: "ResourceGroupsTaggingAPI_20170126" }
        }
        Service::Lambda => Protocol::Rest,
    }
}

/// The XML name space of a service's query answers.
pub(crate) fn name_space(service: Service) -> &'static str {
    match service {
        Service::Sns => "http://sns.amazonaws.com/doc/2010-03-31/",
        Service::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
        Service::CloudFormation => "http://cloudformation.amazonaws.com/doc/2010-05-15/",
        _ => "http://queue.amazonaws.com/doc/2012-11-05/",
    }
}

pub(crate) const JSON_1_0: &str = "application/x-amz-json-1.0";
pub(crate) const JSON_1_1: &str = "application/x-amz-json-1.1";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
