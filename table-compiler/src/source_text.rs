//! Places in a text.

/// Marks that some editors put at the beginning of a file.
pub(crate) fn without_byte_order_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The lines of a text, to find places in it quickly.
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let after_newlines = text.match_indices('\n').map(|(at, _)| at + 1);
        Lines {
            text,
            starts: std::iter::once(0).chain(after_newlines).collect(),
        }
    }

    /// Line and column (in characters, both from 1) where `part` begins, which must be a slice
    /// of the text.
    pub(crate) fn place(&self, part: &str) -> (u32, u32) {
        let offset = offset_of(self.text, part);
        let starts = &self.starts[..self.number_at(offset)];
        let before = starts
            .last()
            .and_then(|&start| self.text.get(start..offset));
        let column = before.unwrap_or_default().chars().count() + 1;
        (narrow(starts.len()), narrow(column))
    }

    /// Line (from 1) where `part` begins. A column costs the length of the line, which in minified
    /// JSON is the text's.
    pub(crate) fn line_of(&self, part: &str) -> u32 {
        narrow(self.number_at(offset_of(self.text, part)))
    }

    fn number_at(&self, offset: usize) -> usize {
        self.starts.partition_point(|&start| start <= offset)
    }
}

/// Column (in characters, from 1) where `part` begins, a slice of `line`.
pub(crate) fn column_of(line: &str, part: &str) -> u32 {
    let before = line.get(..offset_of(line, part)).unwrap_or_default();
    narrow(before.chars().count() + 1)
}

fn offset_of(whole: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize)
}

pub(crate) fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_at_a_line_and_a_column_in_characters() {
        let text = "ab\nüx\n";
        let lines = Lines::new(text);
        assert_eq!(lines.place(text), (1, 1));
        assert_eq!(lines.place(&text[text.find('x').unwrap()..]), (2, 2));
        assert_eq!(lines.place(&text[text.len()..]), (3, 1));
        let line = "üx";
        assert_eq!(column_of(line, &line[2..]), 2);
    }
}
