"""Meshes: nodes and faces, and the graded line through a stack of layers."""
