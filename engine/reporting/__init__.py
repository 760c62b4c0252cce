"""What is told about a run after it: its folder read and measured, drawn, and put on a page."""
