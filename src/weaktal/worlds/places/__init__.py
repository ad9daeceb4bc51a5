"""Painters of places. The action happens along height 0, from left to right, and its fixture stands at x = 0."""
