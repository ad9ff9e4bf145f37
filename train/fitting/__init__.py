"""What learns: the backbones, their heads, findings, lungs, severity, ensemble."""
