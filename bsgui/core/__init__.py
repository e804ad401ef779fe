"""The model of the app: numpy and OpenCV pixels; no Qt, no torch, no files, no threads."""
