"""Synthetic chest radiographs, rendered by physics, with their whole truth."""

from core.phantom.render import Phantom, render
from core.phantom.spec import AIRSPACE, IMPLIES, PhantomSpec, draw_spec, spec_for_finding

__all__ = ["AIRSPACE", "IMPLIES", "Phantom", "PhantomSpec", "draw_spec", "render", "spec_for_finding"]
