"""The widgets around the canvas: docks, panels, bars and notices."""
