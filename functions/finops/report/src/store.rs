//! Where reports lie.

use aws::{AwsFault, ConfigError, SdkConfig};
use aws_sdk_s3::{Client, primitives::ByteStream};

/// The bucket.
pub(crate) struct Store {
    client: Client,
    bucket: String,
}

/// A report in its three forms.
pub(crate) struct Files {
    pub(crate) html: String,
    pub(crate) csv: String,
    pub(crate) json: String,
}

impl Store {
    pub(crate) fn new(config: &SdkConfig, bucket: String) -> Self {
        Self { client: Client::new(config), bucket }
    }

    pub(crate) fn from_environment(config: &SdkConfig) -> Result<Self, ConfigError> {
        Ok(Self::new(config, aws::required("REPORT_BUCKET", |text| Ok(text.to_owned()))?))
    }

    /// Keeps a report in its folder, and as the latest. Made again on the same day, it is replaced.
    pub(crate) async fn keep(&self, folder: &str, files: &Files) -> Result<(), AwsFault> {
        for folder in [folder, "latest"] {
            for (ending, content, text) in [
                ("html", "text/html; charset=utf-8", &files.html),
                ("csv", "text/csv; charset=utf-8", &files.csv),
                ("json", "application/json", &files.json),
            ] {
                self.put(&format!("spend/{folder}/report.{ending}"), content, text).await?;
            }
        }
        Ok(())
    }

    /// Where the page of a folder is.
    pub(crate) fn place(&self, folder: &str) -> String {
        format!("s3://{}/spend/{folder}/report.html", self.bucket)
    }

    async fn put(&self, key: &str, content: &str, text: &str) -> Result<(), AwsFault> {
        let body = ByteStream::from(text.as_bytes().to_vec());
        let put = self.client.put_object().bucket(&self.bucket).key(key).content_type(content).body(body);
        put.send().await.map(drop).map_err(|error| AwsFault::new("s3:PutObject", &error))
    }
}
