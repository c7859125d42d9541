//! Where each service listens, and who signs.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http::Request;
use hyper::body::Bytes;
use record::{Operation, Service};

/// The addresses of a target's services and the identity that requests are signed with.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    place: Place,
    region: String,
    credentials: Credentials,
}

#[derive(Clone, Debug)]
enum Place {
    /// One address for every service, without a trailing slash.
    One(String),
    /// AWS's own host names.
    #[cfg(feature = "aws")]
    Aws,
}

impl Endpoint {
    /// Every service at one address, as emulators have it.
    pub(crate) fn one(address: &str, region: &str, credentials: Credentials) -> Self {
        let place = Place::One(address.trim_end_matches('/').to_owned());
        Self { place, region: region.to_owned(), credentials }
    }

    /// AWS's public endpoints of a region.
    #[cfg(feature = "aws")]
    pub(crate) fn aws(region: &str, credentials: Credentials) -> Self {
        Self { place: Place::Aws, region: region.to_owned(), credentials }
    }

    /// The base address for calls of this service, without a trailing slash.
    pub(crate) fn address(&self, service: Service) -> String {
        match (&self.place, service) {
            (Place::One(address), _) => address.clone(),
            #[cfg(feature = "aws")]
            (Place::Aws, service) => format!("https://{}", self.host(service.signing_name())),
        }
    }

    /// The base address for one operation: AWS answers TestState at a host of its own
    /// (endpoint trait `sync-` in the API model).
    pub(crate) fn address_of(&self, operation: Operation) -> String {
        match (&self.place, operation) {
            #[cfg(feature = "aws")]
            (Place::Aws, Operation::TestState) => format!("https://sync-{}", self.host("states")),
            _ => self.address(operation.service()),
        }
    }

    /// Whether anything here needs TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.address(Service::States).starts_with("https:")
    }

    /// The region that requests are signed for.
    #[cfg(feature = "aws")]
    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// Who signs.
    #[cfg(feature = "aws")]
    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Adds SigV4's headers to a request.
    pub(crate) fn signed(
        &self,
        service: Service,
        mut request: Request<Bytes>,
    ) -> Result<Request<Bytes>, String> {
        let identity = self.credentials.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(service.signing_name())
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| error.to_string())?
            .into();
        let uri = request.uri().to_string();
        let headers = request
            .headers()
            .iter()
            .map(|(name, value)| Ok((name.as_str(), value.to_str().map_err(|error| error.to_string())?)))
            .collect::<Result<Vec<_>, String>>()?;
        let body = SignableBody::Bytes(request.body());
        let signable = SignableRequest::new(request.method().as_str(), &uri, headers.into_iter(), body)
            .map_err(|error| error.to_string())?;
        let (instructions, _) = sign(signable, &params).map_err(|error| error.to_string())?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        Ok(request)
    }

    #[cfg(feature = "aws")]
    fn host(&self, service: &str) -> String {
        let suffix = if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        format!("{service}.{}.{suffix}", self.region)
    }
}
