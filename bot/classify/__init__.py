"""What a message demands: tokens, rules (data), labels, and why."""
