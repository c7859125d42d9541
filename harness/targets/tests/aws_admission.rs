//! Nobody gets onto AWS by accident. Rehearsed against an endpoint that plays STS.

mod canned;

use std::time::Duration;

use canned::Canned;
use targets::{AwsOptions, Environment, Options, TargetError, connect};

fn options(address: &str, aws: AwsOptions) -> Options {
    let environment = Environment::of([
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_ENDPOINT_URL", address),
    ]);
    Options { patience: Duration::from_secs(5), environment, aws, ..Options::default() }
}

async fn sts(status: u16, body: &'static str) -> Canned {
    Canned::api(move |_| (status, "text/xml", body.to_owned())).await
}

const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";

async fn refusal(spec: &str, options: &Options) -> TargetError {
    match connect(spec, options).await {
        Ok(_) => panic!("{spec} was let in"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn without_an_opt_in_nothing_is_called() {
    let server = sts(200, IDENTITY).await;
    let error = refusal("aws:eu-west-1", &options(&server.address, AwsOptions::default())).await;
    assert!(error.remedy().contains("SFN_CONFORMANCE_AWS=1"), "{error}");
    assert!(server.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_region_off_the_list_is_refused_before_any_call() {
    let server = sts(200, IDENTITY).await;
    let aws = AwsOptions { opted_in: true, regions: vec!["eu-west-1".to_owned()], accounts: Vec::new() };
    let error = refusal("aws:us-east-1", &options(&server.address, aws)).await;
    assert!(error.what().contains("us-east-1"), "{error}");
    assert!(server.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_account_off_the_list_is_refused() {
    let server = sts(200, IDENTITY).await;
    let aws =
        AwsOptions { opted_in: true, accounts: vec!["999999999999".to_owned()], ..AwsOptions::default() };
    let error = refusal("aws:eu-west-1", &options(&server.address, aws)).await;
    assert!(error.what().contains("111122223333"), "{error}");
}

#[tokio::test]
async fn expired_credentials_are_told_with_a_remedy() {
    let server = sts(
        403,
        "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>old</Message></Error></ErrorResponse>",
    )
    .await;
    let aws = AwsOptions { opted_in: true, ..AwsOptions::default() };
    let error = refusal("aws:eu-west-1", &options(&server.address, aws)).await;
    assert!(error.what().contains("ExpiredToken") && error.remedy().contains("sso login"), "{error}");
}

#[tokio::test]
async fn an_admitted_run_knows_its_account_and_signs_for_its_region() {
    let server = sts(200, IDENTITY).await;
    let aws = AwsOptions { opted_in: true, ..AwsOptions::default() };
    let connected = connect("aws:eu-west-1", &options(&server.address, aws)).await.unwrap();
    assert_eq!(connected.account.as_deref(), Some("111122223333"));
    assert_eq!(connected.region.as_deref(), Some("eu-west-1"));
    let call = server.calls("GetCallerIdentity").pop().unwrap();
    assert!(call.header("authorization").unwrap().contains("/eu-west-1/sts/aws4_request"));
}
