"""The frame tool: choosing the part of the photo that is taken apart."""
