"""What the window does: one controller a task, between the document, the background jobs and the widgets."""
