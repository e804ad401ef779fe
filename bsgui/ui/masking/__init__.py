"""The mask tool: where the settings of a layer count."""
