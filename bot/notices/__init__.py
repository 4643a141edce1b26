"""When two posts are the same notice; deadlines, receipts, redundancy. Pure functions, no I/O."""
