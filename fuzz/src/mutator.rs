//! A mutator without sight of coverage: the same seed makes the same inputs.

/// Longest input it makes; longer ones find nothing that these do not.
const INPUT_MAX: usize = 1_500;
/// Most changes to one input.
const CHANGES_MAX: usize = 6;
/// Octets that mean something where lengths, counts, types and pointers stand.
const TELLING: [u8; 24] = [
    0, 1, 2, 3, 4, 5, 6, 12, 15, 16, 28, 33, 39, 41, 46, 63, 64, 65, 127, 128, 192, 193, 254, 255,
];

/// Makes inputs out of others.
#[derive(Clone, Debug)]
pub struct Mutator {
    state: u64,
}

impl Mutator {
    /// A mutator; equal seeds make equal inputs.
    pub fn new(seed: u64) -> Self {
        Mutator { state: seed }
    }

    /// Puts a mutation of one of `corpus`, which must not be empty, in `input`.
    pub fn next(&mut self, corpus: &[Vec<u8>], input: &mut Vec<u8>) {
        input.clear();
        let base = self.below(corpus.len());
        input.extend_from_slice(&corpus[base]);
        for _ in 0..=self.below(CHANGES_MAX) {
            self.change(corpus, input);
        }
        input.truncate(INPUT_MAX);
    }

    fn change(&mut self, corpus: &[Vec<u8>], input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        match self.below(12) {
            0 | 1 => self.flip_bit(input),
            2 | 3 => self.put(input, at),
            4 => self.bump(input),
            5 => self.put_word(input),
            6 => self.insert(input, at),
            7 => self.remove(input, at),
            8 => input.truncate(at),
            9 => self.repeat(input, at),
            10 => self.splice(corpus, input, at),
            _ => self.swap(input),
        }
    }

    fn flip_bit(&mut self, input: &mut [u8]) {
        if let Some(octet) = self.octet_of(input) {
            *octet ^= 1 << self.below(8);
        }
    }

    fn put(&mut self, input: &mut [u8], at: usize) {
        let telling = TELLING[self.below(TELLING.len())];
        if let Some(octet) = input.get_mut(at) {
            *octet = telling;
        }
    }

    /// Makes a length, count or offset a little wrong.
    fn bump(&mut self, input: &mut [u8]) {
        let by = self.below(5) as u8;
        if let Some(octet) = self.octet_of(input) {
            *octet = octet.wrapping_add(by).wrapping_sub(2);
        }
    }

    fn put_word(&mut self, input: &mut [u8]) {
        let word = match self.below(4) {
            // A pointer to somewhere in the message.
            0 => 0xc000 | self.below(input.len().max(1)) as u16,
            1 => input.len() as u16,
            2 => self.below(300) as u16,
            _ => self.draw() as u16,
        };
        let at = self.below(input.len().max(1));
        if let Some(slot) = input.get_mut(at..at + 2) {
            slot.copy_from_slice(&word.to_be_bytes());
        }
    }

    fn insert(&mut self, input: &mut Vec<u8>, at: usize) {
        let octets: Vec<u8> = (0..=self.below(8)).map(|_| self.draw() as u8).collect();
        input.splice(at..at, octets);
    }

    fn remove(&mut self, input: &mut Vec<u8>, at: usize) {
        let end = (at + 1 + self.below(16)).min(input.len());
        input.drain(at.min(end)..end);
    }

    /// Repeats a run in place: records, labels, options.
    fn repeat(&mut self, input: &mut Vec<u8>, at: usize) {
        let end = (at + 1 + self.below(40)).min(input.len());
        let run = input[at.min(end)..end].to_vec();
        for _ in 0..=self.below(3) {
            input.splice(end..end, run.iter().copied());
        }
    }

    /// Goes on with the end of another input.
    fn splice(&mut self, corpus: &[Vec<u8>], input: &mut Vec<u8>, at: usize) {
        let other = &corpus[self.below(corpus.len())];
        let from = self.below(other.len() + 1);
        input.truncate(at);
        input.extend_from_slice(&other[from..]);
    }

    fn swap(&mut self, input: &mut [u8]) {
        if input.len() > 1 {
            let (one, other) = (self.below(input.len()), self.below(input.len()));
            input.swap(one, other);
        }
    }

    fn octet_of<'i>(&mut self, input: &'i mut [u8]) -> Option<&'i mut u8> {
        let at = self.below(input.len().max(1));
        input.get_mut(at)
    }

    /// A number under `bound`, which must not be 0.
    fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.draw()) * bound as u128) >> 64) as usize
    }

    /// SplitMix64.
    fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_make_equal_inputs_and_others_do_not() {
        let corpus = [b"one input".to_vec(), b"another".to_vec()];
        let inputs = |seed| {
            let mut mutator = Mutator::new(seed);
            let mut input = Vec::new();
            let mut draw = || {
                mutator.next(&corpus, &mut input);
                input.clone()
            };
            (0..50).map(|_| draw()).collect::<Vec<_>>()
        };
        assert_eq!(inputs(1), inputs(1));
        assert_ne!(inputs(1), inputs(2));
    }

    #[test]
    fn an_empty_input_is_no_trouble() {
        let mut mutator = Mutator::new(3);
        let mut input = Vec::new();
        for _ in 0..1_000 {
            mutator.next(&[Vec::new()], &mut input);
        }
    }
}
