//! A broken text and what must be said of it, made from a good one.

/// A broken version of a good text.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    /// What was done to it.
    pub(crate) kind: String,
    /// The octets of the file.
    pub(crate) text: Vec<u8>,
    /// Line that it must be told at, from 1.
    pub(crate) line: usize,
    /// What the message must have in it: the object, the field, the key that was meant.
    pub(crate) parts: Vec<String>,
    /// Names that are not answered as before, with the addresses that they keep.
    pub(crate) changed: Vec<(String, Vec<String>)>,
}

/// A good text by lines, with one place that is going to be broken.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// The lines.
    pub(crate) lines: Vec<String>,
    /// Index of the line.
    pub(crate) at: usize,
}

impl Draft {
    /// The text with the line at the place and the `replaced - 1` lines behind it exchanged for
    /// `with`, to be told at that line of them, from 0.
    pub(crate) fn broken(
        mut self,
        kind: &str,
        replaced: usize,
        with: &[&str],
        told: isize,
    ) -> Broken {
        let with = with.iter().map(|line| (*line).to_owned());
        self.lines.splice(self.at..self.at + replaced, with);
        self.told(kind, self.at.checked_add_signed(told).unwrap())
    }

    /// The text as it is, to be told at a line by its index.
    pub(crate) fn told(&self, kind: &str, index: usize) -> Broken {
        Broken {
            kind: kind.to_owned(),
            text: (self.lines.join("\n") + "\n").into_bytes(),
            line: index + 1,
            parts: Vec::new(),
            changed: Vec::new(),
        }
    }

    /// The text with an octet that is no UTF-8 at the end of the line.
    pub(crate) fn not_utf8(&self) -> Broken {
        let broken = self.told("not UTF-8", self.at);
        let end = self.lines[..=self.at].join("\n").len();
        let mut text = broken.text;
        text.insert(end, 0xc3);
        Broken { text, ..broken }.with("UTF-8")
    }

    /// The text up to that many octets of the line, to be told there.
    pub(crate) fn cut(&self, octets: usize) -> Broken {
        let mut text = self.lines[..self.at].join("\n");
        text.push('\n');
        text.push_str(&self.lines[self.at][..octets]);
        Broken {
            text: text.into_bytes(),
            ..self.told("cut in the middle", self.at)
        }
    }
}

impl Broken {
    /// With a part that the message must have.
    pub(crate) fn with(mut self, part: impl Into<String>) -> Self {
        self.parts.push(part.into());
        self
    }
}

/// A generator of numbers that is the same in every run (Knuth's MMIX constants).
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Dice(seed)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    /// One of them.
    pub(crate) fn one<'c, T>(&mut self, choices: &'c [T]) -> &'c T {
        &choices[self.below(choices.len())]
    }

    /// In another order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
