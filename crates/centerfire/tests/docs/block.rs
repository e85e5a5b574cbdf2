//! The fenced blocks of a Markdown document, as far as our own documents use them.

/// One block between two fences.
pub(crate) struct Block {
    /// What stands behind the opening fence, such as `sh console`.
    pub info: String,
    /// The line of the opening fence, from 1.
    pub line: usize,
    /// What stands between the fences.
    pub text: String,
}

/// All blocks, in their order.
pub(crate) fn all(document: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in document.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(info), None) => {
                open = Some(Block { info: info.trim().to_owned(), line: index + 1, text: String::new() });
            }
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is never closed");
    blocks
}
