//! Server-sent events, as far as an MCP answer needs them: the data of each event, as the bytes come in.

/// Collects bytes and gives out the data of the events that are complete.
#[derive(Debug, Default)]
pub(crate) struct Events(Vec<u8>);

impl Events {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// The data of the next complete event; events without data are passed over.
    pub(crate) fn next(&mut self) -> Option<String> {
        loop {
            let (event, rest) = split(&self.0)?;
            let data = data(&self.0[..event]);
            self.0.drain(..rest);
            if !data.is_empty() {
                return Some(data);
            }
        }
    }
}

/// Where the first event ends, and where the next one begins: an empty line lies between.
fn split(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut line = 0;
    while let Some(length) = bytes[line..].iter().position(|byte| *byte == b'\n') {
        let next = line + length + 1;
        if matches!(&bytes[line..next], b"\n" | b"\r\n") {
            return Some((line, next));
        }
        line = next;
    }
    None
}

fn data(event: &[u8]) -> String {
    let text = String::from_utf8_lossy(event);
    let lines = text.lines().filter_map(|line| line.strip_prefix("data:"));
    lines.map(|data| data.strip_prefix(' ').unwrap_or(data)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(chunks: &[&str]) -> Vec<String> {
        let mut events = Events::default();
        let mut read = Vec::new();
        for chunk in chunks {
            events.add(chunk.as_bytes());
            while let Some(data) = events.next() {
                read.push(data);
            }
        }
        read
    }

    #[test]
    fn events_are_read_however_they_are_cut() {
        let stream = "event: message\r\nid: 1\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\n: ping\n\ndata:{\"b\":\"ü\"}\n\n";
        let expected = ["{\"a\":\n1}", "{\"b\":\"ü\"}"];
        assert_eq!(read(&[stream]), expected);
        let cut: Vec<usize> = stream.char_indices().map(|(at, _)| at).chain([stream.len()]).collect();
        let single: Vec<&str> = cut.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect();
        assert_eq!(read(&single), expected);
    }

    #[test]
    fn an_event_without_its_end_is_none() {
        assert!(read(&["data: {}\n"]).is_empty());
    }
}
