//! Partitions of AWS.

/// The partition that a Region is in, as ARNs name it
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>).
#[must_use]
pub fn partition_of(region: &str) -> &'static str {
    match region.split('-').next() {
        Some("cn") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_tell_their_partition() {
        for (region, partition) in
            [("eu-west-1", "aws"), ("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
        {
            assert_eq!(partition_of(region), partition, "{region}");
        }
    }
}
