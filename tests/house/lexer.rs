//! The words and signs of Rust source, without its comments, strings and characters.

use std::iter::Peekable;
use std::str::Chars;

/// A word or a sign, and the line it stands on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// The tokens of a source text. `::` is one token, every other sign is a token of one character.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { rest: text.chars().peekable(), line: 1 };
    let mut tokens = Vec::new();
    while let Some(first) = lexer.next() {
        tokens.extend(lexer.token(first));
    }
    tokens
}

struct Lexer<'a> {
    rest: Peekable<Chars<'a>>,
    line: usize,
}

impl Lexer<'_> {
    /// The token that begins with `first`, if one does.
    fn token(&mut self, first: char) -> Option<Token> {
        let line = self.line;
        let text = match first {
            '/' if self.rest.peek() == Some(&'/') => return self.skip_until(|c| c == '\n'),
            '/' if self.rest.peek() == Some(&'*') => return self.skip_block_comment(),
            '"' => return self.skip_string(),
            '\'' => return self.skip_character(),
            c if c.is_whitespace() => return None,
            c if is_word(c) => {
                let mut word = c.to_string();
                while let Some(c) = self.rest.next_if(|c| is_word(*c)) {
                    word.push(c);
                }
                match self.rest.peek() {
                    Some('"' | '#') if matches!(word.as_str(), "r" | "br" | "cr") => return self.skip_raw_string(),
                    _ => word,
                }
            }
            ':' if self.rest.next_if_eq(&':').is_some() => "::".to_owned(),
            sign => sign.to_string(),
        };
        Some(Token { line, text })
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest.next()?;
        self.line += usize::from(next == '\n');
        Some(next)
    }

    fn skip_until(&mut self, end: impl Fn(char) -> bool) -> Option<Token> {
        while self.next().is_some_and(|c| !end(c)) {}
        None
    }

    fn skip_block_comment(&mut self) -> Option<Token> {
        let (mut depth, mut last) = (1, ' ');
        self.next();
        while depth > 0 {
            let c = self.next()?;
            match (last, c) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    last = c;
                    continue;
                }
            }
            last = ' ';
        }
        None
    }

    fn skip_string(&mut self) -> Option<Token> {
        loop {
            match self.next()? {
                '\\' => drop(self.next()),
                '"' => return None,
                _ => {}
            }
        }
    }

    /// After `r`: hashes, a quote, the text, a quote and as many hashes. `r#word` is a word and no
    /// string.
    fn skip_raw_string(&mut self) -> Option<Token> {
        let mut hashes = 0;
        while self.rest.next_if_eq(&'#').is_some() {
            hashes += 1;
        }
        self.rest.next_if_eq(&'"')?;
        loop {
            self.skip_until(|c| c == '"');
            self.rest.peek()?;
            if (0..hashes).all(|_| self.rest.next_if_eq(&'#').is_some()) {
                return None;
            }
        }
    }

    /// After `'`: a character to its closing quote, or a lifetime, whose word is read next.
    fn skip_character(&mut self) -> Option<Token> {
        let mut ahead = self.rest.clone();
        match (ahead.next(), ahead.next()) {
            (Some('\\'), _) => {
                self.next();
                self.next();
                self.skip_until(|c| c == '\'')
            }
            (Some(_), Some('\'')) => {
                self.next();
                self.next();
                None
            }
            _ => None,
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[test]
fn comments_strings_and_characters_are_no_tokens() {
    let text = "a // b\n/* c /* d */ e */ f \"g \\\" h\" 'i' '\\'' &'j k r#\"l \" m\"# b'n' crate::o::{p}";
    let words: Vec<_> = tokens(text).into_iter().map(|token| token.text).collect();
    assert_eq!(words.join(" "), "a f & j k b crate :: o :: { p }");
}

#[test]
fn tokens_know_their_line() {
    let lines: Vec<_> = tokens("a\n\"\n\"\nb").iter().map(|token| token.line).collect();
    assert_eq!(lines, [1, 4]);
}
