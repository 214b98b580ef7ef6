"""Reading pages: what a body of bytes says, without a network, a clock or a tree."""
