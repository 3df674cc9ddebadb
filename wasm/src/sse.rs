//! Server-sent events, as far as an MCP answer needs them: the data of each event, as the bytes come in.

/// Collects bytes and gives out the data of the events that are complete. Each byte is looked at once.
#[derive(Debug, Default)]
pub(crate) struct Events {
    bytes: Vec<u8>,
    /// Where the event begins that is not given out yet, and its last line.
    event: usize,
    line: usize,
    /// How far the bytes were looked through.
    seen: usize,
}

impl Events {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        if self.event > 0 {
            self.bytes.drain(..self.event);
            (self.line, self.seen) = (self.line - self.event, self.seen - self.event);
            self.event = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The data of the next complete event; events without data, or of another name than MCP's, are passed over.
    pub(crate) fn next(&mut self) -> Option<String> {
        while let Some(length) = self.bytes[self.seen..].iter().position(|byte| *byte == b'\n') {
            let (line, next) = (self.line, self.seen + length + 1);
            (self.line, self.seen) = (next, next);
            // An empty line lies between two events.
            if matches!(&self.bytes[line..next], b"\n" | b"\r\n") {
                let data = data(&self.bytes[self.event..line]);
                self.event = next;
                if !data.is_empty() {
                    return Some(data);
                }
            }
        }
        self.seen = self.bytes.len();
        None
    }
}

fn data(event: &[u8]) -> String {
    let text = String::from_utf8_lossy(event);
    let mut names = text.lines().filter_map(|line| line.strip_prefix("event:"));
    if names.any(|name| name.trim() != "message") {
        return String::new();
    }
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
