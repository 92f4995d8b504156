//! Small readers of text: a value between markers, percent-decoding, form fields.

/// The text after `start`, up to the first of `ends` or the end.
pub(crate) fn between<'a>(text: &'a str, start: &str, ends: &[char]) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split(ends).next()
}

/// Percent-decoding of one form field or query value.
pub(crate) fn decode(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => decoded.push(b' '),
            b'%' => {
                let digits = [bytes.next().unwrap_or(b'0'), bytes.next().unwrap_or(b'0')];
                let code = std::str::from_utf8(&digits).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
                decoded.push(code.unwrap_or(b'?'));
            }
            other => decoded.push(other),
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The value of one field of a form or query string.
pub(crate) fn field(form: &str, name: &str) -> Option<String> {
    form.split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| decode(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_whole_name_and_decoded() {
        let form = "Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2FR&Note=a+b";
        assert_eq!(field(form, "RoleArn").as_deref(), Some("arn:aws:iam::1:role/R"));
        assert_eq!(field(form, "Note").as_deref(), Some("a b"));
        assert_eq!(field(form, "Role"), None);
        assert_eq!(decode("%"), "\0");
    }
}
